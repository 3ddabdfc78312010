import { assertEquals } from "@std/assert";
import type { z } from "@hono/zod-openapi";
import type {
  EditAnswer,
  ForgetInput,
  MergeInput,
  TeachAnswer,
  TeachInput,
} from "../../src/client/editing.ts";
import type {
  ChatMessage,
  GenerateAnswer,
  GenerateEnd,
  GenerateInput,
  GenerateOptions,
  GenerationEvent,
} from "../../src/client/generation.ts";
import type {
  GenerateEvent,
  GenerateRequest,
  GenerateResponse,
  RequestMessage,
} from "../../src/http/native/generate_schema.ts";

import type {
  EditedState,
  ForgetRequest,
  MergeRequest,
  TaughtState,
  TeachRequest,
} from "../../src/http/native/states/edit_schema.ts";

/** What JSON makes of `T`: nothing is read-only, and nothing `undefined`. */
type Json<T> = T extends readonly (infer Item)[] ? Json<Item>[]
  : T extends object
    ? { -readonly [Name in keyof T]: Json<Exclude<T[Name], undefined>> }
  : T;

/** Whether each of two types can stand for the other. */
type Same<A, B> = [Json<A>] extends [Json<B>]
  ? [Json<B>] extends [Json<A>] ? true : false
  : false;

/** Names that one of two objects has and the other lacks. */
type Odd<A, B> =
  | Exclude<keyof A, keyof B>
  | Exclude<keyof B, keyof A>;

type Request = z.input<typeof GenerateRequest>;
/** The two that exclude each other are compared by themselves. */
type Options = Omit<Request, "prompt" | "messages" | "stream">;
type Event<Type> = Extract<z.input<typeof GenerateEvent>, { type: Type }>;
type Piece = Extract<GenerationEvent, { type: "text" }>;

// The type checker is what fails where the client and the server part.
Deno.test("the client's types are those of the schemas", () => {
  const odd: Record<
    | Odd<GenerateOptions, Options>
    | Odd<GenerateAnswer, GenerateResponse>
    | Odd<Piece, Event<"text">>
    | Odd<TeachInput, z.input<typeof TeachRequest>>
    | Odd<ForgetInput, z.input<typeof ForgetRequest>>
    | Odd<MergeInput, z.input<typeof MergeRequest>>
    | Odd<TeachAnswer, TaughtState>
    | Odd<EditAnswer, EditedState>
    | Odd<GenerateAnswer["usage"], GenerateResponse["usage"]>
    | Odd<GenerateAnswer["timings"], GenerateResponse["timings"]>,
    never
  > = {};
  assertEquals(odd, {});
  const same: [
    Same<GenerateOptions, Options>,
    Same<ChatMessage, z.input<typeof RequestMessage>>,
    Same<Extract<GenerateInput, { prompt: string }>["prompt"], string>,
    Same<GenerateAnswer, GenerateResponse>,
    Same<GenerateEnd & { readonly type: "done" }, Event<"done">>,
    Same<Piece, Event<"text">>,
    Same<TeachInput, z.input<typeof TeachRequest>>,
    Same<ForgetInput, z.input<typeof ForgetRequest>>,
    Same<MergeInput, z.input<typeof MergeRequest>>,
    Same<TeachAnswer, TaughtState>,
    Same<EditAnswer, EditedState>,
  ] = [true, true, true, true, true, true, true, true, true, true, true];
  assertEquals(same.includes(true), true);
});
