/**
 * Settings: the server, how answers are drawn, how saves are written.
 *
 * @module
 */

import type { ComponentChild } from "preact";
import { health } from "../chat/server_state.ts";
import {
  changeSettings,
  DEFAULTS,
  type Settings,
  settings,
} from "../store/settings.ts";
import { ModelCard } from "./model_card.tsx";

/** The settings that are numbers. */
type NumberName = {
  [name in keyof Settings]: Settings[name] extends number ? name : never;
}[keyof Settings];

const CODEC_CHOICES: readonly (readonly [Settings["codec"], string])[] = [
  ["exact", "exact: every bit"],
  ["f16", "f16: half as large, nothing to notice"],
  ["int10", "int10: a third"],
  ["int8", "int8: a quarter, the usual"],
  ["int6", "int6: a fifth"],
  ["int4", "int4: the smallest, with losses"],
];

/** Everything that can be set. */
export function SettingsForm(): ComponentChild {
  const now = settings.value;
  return (
    <form class="settings" onSubmit={(event) => event.preventDefault()}>
      <ServerSetting now={now} />
      <fieldset>
        <legend>Answers</legend>
        <Slider name="temperature" label="Temperature" max={2} step={0.05}>
          0 always takes the likeliest word
        </Slider>
        <Slider name="top_p" label="Top p" max={1} step={0.01}>
          keeps the likeliest words of this share; 1 keeps all
        </Slider>
        <Slider name="min_p" label="Min p" max={1} step={0.01}>
          drops words rarer than this share of the likeliest
        </Slider>
        <Slider name="top_k" label="Top k" max={200} step={1}>
          keeps so many words; 0 keeps all
        </Slider>
        <Slider
          name="presence_penalty"
          label="Presence penalty"
          max={2}
          step={0.05}
        >
          against saying anything twice
        </Slider>
        <Slider
          name="frequency_penalty"
          label="Frequency penalty"
          max={2}
          step={0.05}
        >
          against saying anything often
        </Slider>
        <Slider name="max_tokens" label="Longest answer" max={2048} step={16}>
          in tokens
        </Slider>
        <label class="field">
          <span>Seed</span>
          <input
            inputMode="numeric"
            pattern="\d*"
            placeholder="another each time"
            value={now.seed ?? ""}
            onInput={({ currentTarget: { value } }) =>
              changeSettings({
                seed: /^\d{1,15}$/.test(value) ? Number(value) : null,
              })}
          />
        </label>
        <label class="field wide">
          <span>System prompt, for new conversations</span>
          <textarea
            rows={2}
            value={now.system}
            onInput={({ currentTarget }) =>
              changeSettings({ system: currentTarget.value })}
          />
        </label>
      </fieldset>
      <fieldset>
        <legend>Saves and looks</legend>
        <Beginning now={now} />
        <label class="field">
          <span>Codec</span>
          <select
            value={now.codec}
            onChange={({ currentTarget: { value } }) => {
              const [codec] = CODEC_CHOICES.find(([name]) => name === value) ??
                [];
              if (codec) changeSettings({ codec });
            }}
          >
            {CODEC_CHOICES.map(([name, words]) => (
              <option value={name}>{words}</option>
            ))}
          </select>
        </label>
        <TranscriptSetting now={now} />
        <label class="field">
          <span>Theme</span>
          <select
            value={now.theme}
            onChange={({ currentTarget: { value } }) =>
              changeSettings({
                theme: value === "light" || value === "dark" ? value : "auto",
              })}
          >
            <option value="auto">as the system has it</option>
            <option value="light">light</option>
            <option value="dark">dark</option>
          </select>
        </label>
      </fieldset>
      <p class="row end">
        <button
          type="button"
          class="quiet"
          onClick={() =>
            changeSettings({ ...DEFAULTS, url: now.url, keys: now.keys })}
        >
          Reset all but the server
        </button>
      </p>
    </form>
  );
}

function ServerSetting({ now }: { now: Settings }): ComponentChild {
  const { status, model, words } = health.value;
  return (
    <fieldset>
      <legend>Server</legend>
      <label class="field">
        <span>Address</span>
        <input
          type="url"
          placeholder={location.origin}
          value={now.url}
          onChange={({ currentTarget: { value } }) =>
            changeSettings({ url: value.trim().replace(/\/+$/, "") })}
        />
      </label>
      <label class="field">
        <span>Key</span>
        <input
          type="password"
          autoComplete="off"
          placeholder="none"
          value={now.keys[now.url] ?? ""}
          onChange={({ currentTarget: { value } }) =>
            changeSettings({ keys: { ...now.keys, [now.url]: value.trim() } })}
        />
      </label>
      <p class={`status ${status}`} role="status">
        {status === "none"
          ? "No server: answers come from this device"
          : status === "ready"
          ? "Connected"
          : words ?? "Connecting …"}
      </p>
      {model && <ModelCard model={model} />}
      <label class="check">
        <input
          type="checkbox"
          checked={now.place === "device" || status === "none"}
          disabled={status === "none"}
          onChange={({ currentTarget: { checked } }) =>
            changeSettings({ place: checked ? "device" : "server" })}
        />
        Answer on this device: the page loads its own small model (5 MB) and
        needs no server
      </label>
    </fieldset>
  );
}

/** Whether saves keep the words; the server may have decided. */
function TranscriptSetting({ now }: { now: Settings }): ComponentChild {
  const { transcript: policy = "allow" } = health.value.model ?? {};
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={policy === "always" || policy === "allow" && now.transcript}
        disabled={policy !== "allow"}
        onChange={({ currentTarget: { checked } }) =>
          changeSettings({ transcript: checked })}
      />
      {policy === "never"
        ? "Transcript: this server keeps none in saves"
        : "Keep a transcript in the saves of new conversations: they grow with " +
          "the words, and another model can go on from them"}
    </label>
  );
}

/** With what a new conversation begins, where the server offers a choice. */
function Beginning({ now }: { now: Settings }): ComponentChild {
  const offered = health.value.model?.initial_states ?? [];
  if (offered.length === 0) return null;
  return (
    <label class="field">
      <span>New conversations begin with</span>
      <select
        value={now.initial}
        onChange={({ currentTarget: { value } }) =>
          changeSettings({ initial: value })}
      >
        <option value="">a blank memory</option>
        {offered.map(({ name }) => <option value={name}>{name}</option>)}
      </select>
    </label>
  );
}

function Slider(
  { name, label, max, step, children }: {
    name: NumberName;
    label: string;
    max: number;
    step: number;
    children: ComponentChild;
  },
): ComponentChild {
  const value = settings.value[name];
  return (
    <label class="field slider">
      <span>
        {label} <small>{children}</small>
      </span>
      <input
        type="range"
        min={name === "max_tokens" ? step : 0}
        max={max}
        step={step}
        value={value}
        onInput={({ currentTarget }) =>
          changeSettings({ [name]: currentTarget.valueAsNumber })}
      />
      <output>{value}</output>
    </label>
  );
}
