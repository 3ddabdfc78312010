/**
 * The routes and what stands in front of them.
 *
 * @module
 */

import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { methodNotAllowed } from "hono/method-not-allowed";
import { secureHeaders } from "hono/secure-headers";
import { ClosingError, RequestError } from "../errors.ts";
import { type ApiKey, requireKey } from "./access/bearer_keys.ts";
import { BrokenBodyError, IGNORED } from "./request/read_body.ts";
import { type ApiDocument, docsPage } from "./site/docs_page.ts";
import { messagesRoutes } from "./anthropic/messages.ts";
import { dialectOf } from "./dialects.ts";
import { koboldGenerateRoutes } from "./kobold/generate.ts";
import { koboldModelRoutes } from "./kobold/models.ts";
import { llamaCompletionRoutes } from "./llama/completion.ts";
import { LLAMA_PATHS } from "./llama/llama_error.ts";
import { llamaSlotRoutes } from "./llama/slots.ts";
import { rootTokenRoutes } from "./llama/tokens.ts";
import { ollamaTurnRoutes } from "./ollama/chat.ts";
import { ollamaModelRoutes } from "./ollama/models.ts";
import { webuiInternalRoutes } from "./openai/webui_internal.ts";
import { generateRoute } from "./native/generate.ts";
import { healthRoutes } from "./site/health.ts";
import type { JsonLimits } from "./request/request_grammar.ts";
import { lendModels } from "./request/model_choice.ts";
import { type MetricsOptions, metricsRoute } from "./site/metrics.ts";
import { modelRoute } from "./native/served_model.ts";
import { anthropicModelRoutes } from "./anthropic/models.ts";
import { openAiModelRoutes } from "./openai/models.ts";
import { observe } from "./access/observe_request.ts";
import { chatRoute } from "./openai/chat.ts";
import { completionsRoute } from "./openai/completions.ts";
import { responsesRoute } from "./openai/responses.ts";
import { type PageModel, pageRoutes } from "./site/web_page.ts";
import { codeOf, describeProblem, problemResponse } from "./problem.ts";
import type { AppEnv, Loader } from "./services.ts";
import { stateAccountRoutes } from "./native/states/transcript_and_audit.ts";
import { stateAskRoutes } from "./native/states/branch_and_score.ts";
import { stateEditRoutes } from "./native/states/teach_forget_merge.ts";
import { stateMakeRoutes } from "./native/states/mix_rebase_convert.ts";
import { stateReadRoutes } from "./native/states/inspect_and_diff.ts";
import { refuseOtherSites, type SiteLimits } from "./access/cross_site.ts";
import { limitCaller, type TurnLimits } from "./access/tenant_rates.ts";
import { tokenRoutes } from "./native/tokens.ts";
import type { Observer } from "../observe/request_observer.ts";

/** What the app is made of. */
export interface AppOptions {
  /** Lends the models, loading each at the first request that needs it. */
  readonly loader: Loader;
  /** Who may call; empty lets everybody. */
  readonly keys: readonly ApiKey[];
  /** Told of every error that is not the client's doing. */
  readonly report: (error: unknown, requestId: string) => void;
  /** Told of every request; none by default. */
  readonly observer?: Observer | undefined;
  /** What `/metrics` shows, and to whom; without it there is no such route. */
  readonly metrics?: MetricsOptions | undefined;
  /** A model for the engine in the page; without it the page has none. */
  readonly pageModel?: PageModel | undefined;
  /**
   * Whether unknown fields are refused in OpenAI's shapes too, where they are
   * ignored by default.
   */
  readonly strict?: boolean | undefined;
  /** What callers may take; nothing is bounded by default. */
  readonly limits?: Limits | undefined;
}

/** What callers may take. */
export interface Limits extends TurnLimits, SiteLimits {
  /** Seconds that a body may take to arrive; unlimited by default. */
  readonly bodyTimeout?: number;
  /** How long values of JSON may be; by default as answers are. */
  readonly json?: JsonLimits;
}

const ABOUT = {
  openapi: "3.1.0",
  info: {
    title: "Gosling",
    version: "1",
    description: "RWKV-7 inference whose memory lives with the client",
  },
};

/** Whatever touches a model; each path is one of them alone. */
const GUARDED = ["/v1/*", "/api/*", ...LLAMA_PATHS.map((path) => `${path}/*`)];

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Builds the server's one handler, `app.fetch`. */
export function createApp(
  {
    loader,
    keys,
    report,
    observer = {},
    metrics,
    strict = false,
    limits = {},
    pageModel,
  }: AppOptions,
): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>({ strict: false });
  app.use(identify, observe(observer));
  app.use(
    // What else is served under the same name is the proxy's to say.
    secureHeaders({ strictTransportSecurity: "max-age=15552000" }),
    allowOrigins(limits.origins),
    refuseOtherSites(limits, keys),
  );
  app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }));
  // The same ones everywhere: what a caller has left is one account.
  const guards: MiddlewareHandler<AppEnv>[] = [
    requireKey(keys),
    limitCaller(limits),
    lendModels(loader),
    async function bound(c, next): Promise<void> {
      c.set("strict", strict);
      c.set("jsonLimits", limits.json);
      c.set("bodyTimeout", limits.bodyTimeout);
      await next();
    },
  ];
  for (const path of GUARDED) app.use(path, ...guards);
  app.route("/", pageRoutes(pageModel));
  app.route("/", healthRoutes(loader));
  if (metrics) app.route("/", metricsRoute(metrics, requireKey(keys)));
  app.route("/", modelRoute());
  app.route("/", anthropicModelRoutes());
  app.route("/", openAiModelRoutes());
  app.route("/", tokenRoutes());
  app.route("/", generateRoute());
  app.route("/", stateReadRoutes());
  app.route("/", stateAccountRoutes());
  app.route("/", stateMakeRoutes());
  app.route("/", stateAskRoutes());
  app.route("/", stateEditRoutes());
  app.route("/", chatRoute());
  app.route("/", completionsRoute());
  app.route("/", responsesRoute());
  app.route("/", messagesRoutes());
  app.route("/", webuiInternalRoutes());
  app.route("/", ollamaTurnRoutes());
  app.route("/", ollamaModelRoutes());
  app.route("/", llamaCompletionRoutes());
  app.route("/", llamaSlotRoutes());
  app.route("/", rootTokenRoutes());
  app.route("/", koboldGenerateRoutes());
  app.route("/", koboldModelRoutes());
  app.get("/problems/:code", (c) => {
    const found = describeProblem(c.req.param("code"));
    return found === undefined ? c.notFound() : c.json(found);
  });
  app.get("/openapi.json", (c) => c.json(app.getOpenAPI31Document(ABOUT)));
  app.get("/docs", (c) => {
    c.header(
      "content-security-policy",
      "default-src 'none'; style-src 'unsafe-inline'",
    );
    const api = app.getOpenAPI31Document(ABOUT) as unknown as ApiDocument;
    return c.html(docsPage(api, new URL(c.req.url).origin));
  });
  app.notFound((c) =>
    answerError(
      c,
      new RequestError(
        "ERR_REQUEST_NOT_FOUND",
        `Cannot find ${shortPath(c)}: GET /openapi.json lists every route`,
      ),
    )
  );
  app.onError((error, c) => {
    // A server that shuts down reads no more of a body.
    const cut = error instanceof BrokenBodyError && loader.closing;
    const response = answerError(c, cut ? elsewhere(error) : error);
    if (response.status === 500) report(error, c.get("requestId"));
    return response;
  });
  return app;
}

/** Nothing was wrong with the request: proxies and clients may send it again. */
function elsewhere(cause: Error): ClosingError {
  return new ClosingError(
    "ERR_SHUTTING_DOWN",
    "Cannot read body: the server is shutting down; send it to another",
    { cause },
  );
}

const identify: MiddlewareHandler<AppEnv> = async (c, next) => {
  const given = c.req.header("x-request-id") ?? "";
  const id = UUID.test(given) ? given.toLowerCase() : crypto.randomUUID();
  c.set("requestId", id);
  c.header("x-request-id", id);
  await next();
};

/** Lets pages of these origins read answers, and what answers say of limits. */
function allowOrigins(
  origins: readonly string[] = ["*"],
): MiddlewareHandler<AppEnv> {
  return cors({
    origin: origins.includes("*") ? "*" : [...origins],
    exposeHeaders: [
      IGNORED,
      "ratelimit",
      "ratelimit-policy",
      "retry-after",
      "x-request-id",
    ],
  });
}

/** Answers with an error in the language of the route. */
function answerError(c: Context<AppEnv>, error: unknown): Response {
  c.get("record").code = codeOf(error);
  return dialectOf(c.req.path)?.refuse(c, error) ?? problemResponse(c, error);
}

/** A path for people: it may be as long as a state. */
function shortPath(c: Context): string {
  return c.req.path.slice(0, 100);
}

function refuseMethod(c: Context, allowed: string[]): Response {
  const response = answerError(
    c,
    new RequestError(
      "ERR_REQUEST_METHOD",
      `Cannot use ${c.req.method} on ${shortPath(c)}: allowed is ${
        allowed.join(", ")
      }`,
    ),
  );
  response.headers.set("allow", allowed.join(", "));
  return response;
}
