import { assertEquals, assertThrows } from "@std/assert";
import {
  newestOfficial,
  OFFICIAL_SIZES,
  officialSize,
} from "../../src/hub/official_models.ts";
import { parseReference } from "../../src/hub/model_reference.ts";

Deno.test("newestOfficial goes by the day, and leaves previews and others out", () => {
  const names = [
    "rwkv7-g1d-0.4b-20260210-ctx8192.pth",
    "rwkv7-g1a-0.4b-20250905-ctx4096.pth",
    "rwkv7-g1h-preview3121-0.4b-20260701-ctx8192.pth",
    "rwkv7-g1f-1.5b-20260419-ctx8192.pth",
    "old/rwkv7-g1-2.9b-20250519-ctx4096.pth",
    "rwkv7-g1i-2.9b-20260805-ctx16384.pth",
    "README.md",
  ];
  const newest = (size: string) => newestOfficial(names, size);
  assertEquals(newest("0.4b"), names[0]);
  assertEquals(newest("1.5b"), names[3]);
  assertEquals(newest("2.9b"), names[5]);
  assertEquals(newest("7.2b"), undefined);
});

Deno.test("newestOfficial decides one day's files by their generation", () => {
  const names = [
    "rwkv7-g1c-0.1b-20260129-ctx8192",
    "rwkv7-g1d-0.1b-20260129-ctx8192",
  ];
  assertEquals(newestOfficial(names, "0.1b"), names[1]);
});

Deno.test("officialSize knows every size by three names", () => {
  for (const size of OFFICIAL_SIZES) {
    assertEquals(officialSize(size.toUpperCase()), size);
    assertEquals(officialSize(`g1-${size}`), size);
    assertEquals(officialSize(`rwkv7-g1-${size}`), size);
  }
  assertEquals(officialSize("0.5b"), undefined);
  assertEquals(officialSize("rwkv7-g1d-0.4b-20260210-ctx8192"), undefined);
});

Deno.test("parseReference tells sizes, repositories and URLs apart", () => {
  assertEquals(parseReference("1.5B"), { kind: "official", size: "1.5b" });
  assertEquals(parseReference("hf:a/b/c/d.gguf"), {
    kind: "hub",
    repository: "a/b",
    revision: "main",
    path: "c/d.gguf",
  });
  assertEquals(parseReference("hf:a/b.c@v1"), {
    kind: "hub",
    repository: "a/b.c",
    revision: "v1",
  });
  assertEquals(parseReference("https://x.test/a.pth?b=c"), {
    kind: "url",
    url: new URL("https://x.test/a.pth?b=c"),
  });
});

Deno.test("parseReference refuses what is none of them", () => {
  for (
    const text of ["", "0.5b", "file:///etc/passwd", "hf:a", "hf:a/../c.gguf"]
  ) {
    assertThrows(() => parseReference(text), {
      name: "ConfigError",
      message: /^Cannot pull /,
    });
  }
});
