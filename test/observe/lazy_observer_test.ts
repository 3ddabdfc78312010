import { assertEquals } from "@std/assert";
import { LazyObserver } from "../../src/observe/lazy_observer.ts";
import { Metrics } from "../../src/observe/metrics.ts";
import { RequestRecord } from "../../src/observe/request_record.ts";
import { fakeEngine } from "../http/fake_engine.ts";

Deno.test("LazyObserver tells an observer what happened before it was loaded, and after", async () => {
  let loads = 0;
  const late = new LazyObserver(() => {
    loads++;
    const memory = () => ({ resident: 0, heap: 0 });
    return Promise.resolve(
      new Metrics({ version: "1", runtime: "none", memory }),
    );
  });
  const request = () => {
    const record = new RequestRecord(
      { id: "", method: "POST" },
      (record) => late.finished(record),
    );
    record.answer = { route: "/v1/generate", tenant: "ada", status: 200 };
    record.release();
  };
  const step = { ms: 2, lanes: 1, reading: false, read: 0, drawn: 3 };
  late.serving(fakeEngine({ model: "goose" }));
  late.stepped("goose", step);
  late.lost("goose");
  request();
  assertEquals(loads, 0);
  const metrics = await late.loaded();
  request();
  late.stepped("goose", step);
  assertEquals(await late.loaded(), metrics);
  assertEquals(loads, 1);
  const text = await metrics.text();
  const sample = (name: string) =>
    text.split("\n").find((line) => line.startsWith(`gosling_${name} `))
      ?.split(" ").at(-1);
  const labels = 'method="POST",route="/v1/generate",status="200"';
  assertEquals(sample(`requests_total{${labels},tenant="ada"}`), "2");
  assertEquals(
    sample('device_tokens_total{model="goose",kind="drawn"}'),
    "6",
  );
  assertEquals(sample('device_losses_total{model="goose"}'), "1");
  assertEquals(sample('lanes{model="goose"}') !== undefined, true);
});
