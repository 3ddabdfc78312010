/**
 * What SillyTavern's page asks of its text-completion back ends, made anew by hand,
 * with the names of its fields. Source: `textgen-settings.js` of SillyTavern 1.19.0,
 * read for what it sends.
 *
 * @module
 */

/** Back ends that SillyTavern has a type of its own for. */
export type BackEndType = "ooba" | "vllm" | "koboldcpp" | "llamacpp" | "ollama";

/** What a person has set. */
export interface PageSettings {
  readonly prompt: string;
  readonly stops: readonly string[];
  readonly temperature?: number;
  readonly tokens?: number;
  /** Swipes at once, for back ends that SillyTavern asks for several. */
  readonly swipes?: number;
  readonly server?: string;
  readonly model?: string;
}

const BREAKERS = ["\n", ":", '"', "*"];

/** A request of the page's: sliders and switches, at their defaults. */
export function pageRequest(
  type: BackEndType,
  {
    prompt,
    stops,
    temperature = 0.7,
    tokens = 32,
    swipes = 1,
    server = "http://127.0.0.1:8000/",
    model = "fake",
  }: PageSettings,
): Readonly<Record<string, unknown>> {
  return {
    prompt,
    model,
    max_new_tokens: tokens,
    max_tokens: tokens,
    logprobs: type === "vllm" ? 5 : 10,
    temperature,
    top_p: 0.5,
    typical_p: 1,
    typical: 1,
    min_p: 0,
    repetition_penalty: 1.2,
    frequency_penalty: 0,
    presence_penalty: 0,
    top_k: 40,
    skew: 0,
    min_tokens: 0,
    add_bos_token: true,
    smoothing_factor: 0,
    smoothing_curve: 1,
    dry_allowed_length: 2,
    dry_multiplier: 0,
    dry_base: 1.75,
    dry_sequence_breakers: type === "koboldcpp" || type === "llamacpp"
      ? BREAKERS
      : JSON.stringify(BREAKERS),
    dry_penalty_last_n: 0,
    max_tokens_second: 0,
    stopping_strings: stops,
    stop: stops,
    truncation_length: 8192,
    ban_eos_token: false,
    skip_special_tokens: true,
    include_reasoning: true,
    top_a: 0,
    tfs: 1,
    mirostat_mode: 0,
    mirostat_tau: 5,
    mirostat_eta: 0.1,
    custom_token_bans: "",
    banned_strings: [],
    api_type: type,
    api_server: server,
    xtc_threshold: 0.1,
    xtc_probability: 0,
    nsigma: 0,
    top_n_sigma: 0,
    min_keep: 0,
    adaptive_target: -0.01,
    adaptive_decay: 0.9,
    ...(type === "vllm"
      ? { n: swipes, ignore_eos: false, spaces_between_special_tokens: true }
      : {
        rep_pen: 1.2,
        rep_pen_range: 0,
        repetition_penalty_range: 0,
        guidance_scale: 1,
        negative_prompt: "",
        repeat_penalty: 1.2,
        repeat_last_n: 0,
        n_predict: tokens,
        num_predict: tokens,
        num_ctx: 8192,
        mirostat: 0,
        ignore_eos: false,
        n_probs: 10,
        rep_pen_slope: 1,
      }),
    ...OWN[type](swipes),
  };
}

/** What one back end gets besides. */
const OWN: Readonly<Record<BackEndType, (swipes: number) => object>> = {
  ooba: () => ({
    min_length: 0,
    num_beams: 1,
    length_penalty: 1,
    early_stopping: false,
    epsilon_cutoff: 0,
    eta_cutoff: 0,
    sampler_priority: ["temperature", "top_k"],
    encoder_repetition_penalty: 1,
    no_repeat_ngram_size: 0,
    penalty_alpha: 0,
    temperature_last: true,
    do_sample: true,
    logit_bias: { "5": -1 },
  }),
  vllm: () => ({}),
  koboldcpp: () => ({ sampler_order: [6, 0, 1, 3, 4, 2, 5], trim_stop: true }),
  llamacpp: (swipes) => ({
    n: swipes,
    samplers: ["top_k", "temperature"],
    logit_bias: [[5, -1], [6, false]],
    grammar: "",
    cache_prompt: true,
  }),
  ollama: () => ({ logit_bias: [], grammar: "", cache_prompt: true }),
};

/** What the page asks of KoboldAI, by its classic interface. */
export function koboldRequest(
  { prompt, stops, temperature = 0.7, tokens = 32, server = "" }: PageSettings,
): Readonly<Record<string, unknown>> {
  return {
    prompt,
    api_server: server,
    max_context_length: 8192,
    max_length: tokens,
    rep_pen: 1.1,
    rep_pen_range: 1024,
    rep_pen_slope: 0.7,
    temperature,
    tfs: 1,
    top_a: 0,
    top_k: 0,
    top_p: 0.9,
    min_p: 0,
    typical: 1,
    sampler_order: [6, 0, 1, 3, 4, 2, 5],
    singleline: false,
    use_default_badwordsids: false,
    mirostat: 0,
    mirostat_eta: 0.1,
    mirostat_tau: 5,
    grammar: "",
    sampler_seed: 4,
    stop_sequence: stops,
  };
}
