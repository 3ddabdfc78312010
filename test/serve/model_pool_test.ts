import { assert, assertEquals, assertRejects } from "@std/assert";
import { ModelPool } from "../../src/serve/model_pool.ts";

/** A thing, and when it goes. */
interface Book {
  readonly id: string;
  dispose(): Promise<void>;
}

/** A pool of things, and what happened to them. */
function poolOf(
  sizes: Readonly<Record<string, number>>,
  limit: number,
  open?: (id: string) => Promise<void>,
) {
  const log: string[] = [];
  const pool = new ModelPool<Book>(
    Object.entries(sizes).map(([id, size]) => ({
      id,
      bytes: () => Promise.resolve(size),
      async open(): Promise<Book> {
        log.push(`+${id}`);
        await open?.(id);
        return {
          id,
          async dispose(): Promise<void> {
            await new Promise((done) => setTimeout(done, 5));
            log.push(`-${id}`);
          },
        };
      },
    })),
    limit,
  );
  const use = async (id: string) => {
    const { thing, release } = await pool.borrow(id);
    release();
    return thing.id;
  };
  return { pool, log, use };
}

Deno.test("ModelPool gets a thing once, for everybody who waits for it", async () => {
  const { pool, log } = poolOf({ a: 1 }, 10);
  assertEquals(pool.look("a"), { thing: undefined, wanted: false });
  const loans = [pool.borrow("a"), pool.borrow("a"), pool.borrow("a")];
  assertEquals(pool.look("a"), { thing: undefined, wanted: true });
  const [first, ...more] = await Promise.all(loans);
  assert(more.every(({ thing }) => thing === first?.thing));
  assertEquals(log, ["+a"]);
  assertEquals(pool.look("a").thing, first?.thing);
});

Deno.test("ModelPool lets go of what was unused for longest, before it gets another", async () => {
  const { log, use } = poolOf({ a: 4, b: 4, c: 4 }, 8);
  for (const id of ["a", "b", "a", "c"]) assertEquals(await use(id), id);
  assertEquals(log, ["+a", "+b", "-b", "+c"]);
  await use("b");
  assertEquals(log.slice(4), ["-a", "+b"]);
});

Deno.test("ModelPool lets go of as many as are needed, and no more", async () => {
  const { log, use } = poolOf({ a: 2, b: 2, c: 2, d: 4 }, 6);
  for (const id of ["a", "b", "c", "d"]) await use(id);
  assertEquals(log, ["+a", "+b", "+c", "-a", "-b", "+d"]);
});

Deno.test("ModelPool never lets go of what is on loan", async () => {
  const { pool, log, use } = poolOf({ a: 4, b: 4 }, 6);
  const loan = await pool.borrow("a");
  await use("a");
  await assertRejects(() => pool.borrow("b"), {
    code: "ERR_MODEL_BUSY",
    message:
      "Cannot load b now: it takes 4 B of the 6 B for models, and a is " +
      "in use; try again soon",
  });
  loan.release();
  loan.release();
  assertEquals(await use("b"), "b");
  assertEquals(log, ["+a", "-a", "+b"]);
});

Deno.test("ModelPool never lets go of what is still being got", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { pool } = poolOf(
    { a: 4, b: 4 },
    6,
    (id) => id === "a" ? promise : Promise.resolve(),
  );
  const loan = pool.borrow("a");
  await assertRejects(() => pool.borrow("b"), { code: "ERR_MODEL_BUSY" });
  resolve();
  (await loan).release();
  assertEquals((await pool.borrow("b")).thing.id, "b");
});

Deno.test("ModelPool lends what is there while another is being got", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { pool, use } = poolOf(
    { a: 1, slow: 1 },
    6,
    (id) => id === "slow" ? promise : Promise.resolve(),
  );
  const loan = pool.borrow("slow");
  assertEquals(await use("a"), "a");
  resolve();
  assertEquals((await loan).thing.id, "slow");
});

Deno.test("ModelPool refuses what can never fit without touching the others", async () => {
  const { pool, log, use } = poolOf({ a: 4, huge: 9 }, 8);
  await use("a");
  await assertRejects(() => pool.borrow("huge"), {
    code: "ERR_MODEL_TOO_LARGE",
    message: "Cannot load huge: it takes 9 B, and models may take 8 B here " +
      "(--model-memory)",
  });
  assertEquals(log, ["+a"]);
});

Deno.test("ModelPool tries again after a failure, which takes no room", async () => {
  let broken = true;
  const { pool, use } = poolOf({ a: 6, b: 6 }, 8, (id) => {
    if (id === "a" && broken) throw new Error("Cannot open a: it is gone");
    return Promise.resolve();
  });
  await assertRejects(() => pool.borrow("a"), { message: /gone/ });
  assertEquals(pool.look("a"), { thing: undefined, wanted: false });
  assertEquals(await use("b"), "b");
  broken = false;
  assertEquals(await use("a"), "a");
});

Deno.test("ModelPool gets a thing again that is wanted while it goes", async () => {
  const { pool, log, use } = poolOf({ a: 4, b: 4 }, 4);
  await use("a");
  const b = pool.borrow("b");
  await new Promise((done) => setTimeout(done));
  const a = assertRejects(() => pool.borrow("a"), { code: "ERR_MODEL_BUSY" });
  (await b).release();
  await a;
  assertEquals(await use("a"), "a");
  assertEquals(log, ["+a", "-a", "+b", "-b", "+a"]);
});

Deno.test("ModelPool never holds more than its limit, whoever wants what", async () => {
  const sizes = { a: 3, b: 4, c: 5, d: 2 };
  let held = 0, most = 0;
  const ids = Object.keys(sizes) as (keyof typeof sizes)[];
  const pool = new ModelPool<Book>(
    ids.map((id) => ({
      id,
      bytes: () => Promise.resolve(sizes[id]),
      async open(): Promise<Book> {
        held += sizes[id];
        most = Math.max(most, held);
        await new Promise((done) => setTimeout(done, 1));
        return {
          id,
          async dispose(): Promise<void> {
            await new Promise((done) => setTimeout(done, 1));
            held -= sizes[id];
          },
        };
      },
    })),
    9,
  );
  let lent = 0, refused = 0;
  const { random } = Math;
  await Promise.all(Array.from({ length: 20 }, async () => {
    for (let i = 0; i < 20; i++) {
      try {
        const { thing, release } = await pool.borrow(
          ids[Math.floor(random() * ids.length)] ?? "a",
        );
        assert(pool.look(thing.id).thing === thing);
        await new Promise((done) => setTimeout(done, 2 * random()));
        assert(pool.look(thing.id).thing === thing, "it went while on loan");
        release();
        lent++;
      } catch (error) {
        assert(error instanceof Error && "code" in error, String(error));
        assertEquals(error.code, "ERR_MODEL_BUSY");
        refused++;
        await new Promise((done) => setTimeout(done, 1));
      }
    }
  }));
  assertEquals(lent + refused, 400);
  assert(lent > 20, `${lent} lent`);
  assert(most <= 9, `${most} held`);
  await pool.dispose();
  assertEquals(held, 0);
});

Deno.test("ModelPool says what fails when something goes, to whoever waits for its room", async () => {
  const pool = new ModelPool<Book>(
    ["a", "b"].map((id) => ({
      id,
      bytes: () => Promise.resolve(1),
      open: () =>
        Promise.resolve({
          id,
          dispose: () => Promise.reject(new RangeError(`${id} stays`)),
        }),
    })),
    1,
  );
  (await pool.borrow("a")).release();
  await assertRejects(() => pool.borrow("b"), { message: "a stays" });
  (await pool.borrow("b")).release();
  await assertRejects(() => pool.dispose(), { message: "b stays" });
});
