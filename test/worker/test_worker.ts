import { serveCalls } from "../../src/worker/serve_calls.ts";

/** What the worker of the tests can be asked. */
export type TestRequest =
  | { readonly name: "start" | "hang" | "throw" | "reject" }
  | { readonly name: "double"; readonly bytes: Uint8Array<ArrayBuffer> };

serveCalls<string, TestRequest, string | Uint8Array>((start) =>
(
  request,
  respond,
) => {
  switch (request.name) {
    case "start":
      return respond(start);
    case "hang":
      return hang();
    case "throw":
      throw new Error("Thrown on purpose");
    case "reject":
      return Promise.reject(new Error("Rejected on purpose"));
    case "double": {
      const doubled = request.bytes.map((byte) => 2 * byte);
      return respond(doubled, [doubled.buffer]);
    }
  }
});

function hang(): never {
  while (true);
}
