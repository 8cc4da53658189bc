// Sends a job's requests for some seconds with autocannon, and prints how many were answered and how long each took.
// An answer that holds one of the texts of `failing` counts as failed.
import { readFileSync } from "node:fs";
import autocannon from "autocannon";

const { url, token, bodies, clients, seconds, failing = ['"errors":'] } = JSON.parse(readFileSync(0, "utf8"));
const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
const requests = bodies.map((body) => ({ method: "POST", headers, body }));
const times = [];
let started = 0;

const run = autocannon({
  url,
  connections: clients,
  duration: seconds,
  timeout: 30,
  // Each client begins at another request, so that they do not all ask the same at the same time.
  setupClient: (client) => {
    const first = Math.floor((started++ * requests.length) / clients) % requests.length;
    client.setRequests([...requests.slice(first), ...requests.slice(0, first)]);
  },
  verifyBody: (body) => !failing.some((text) => body.includes(text)),
  requests,
});
// autocannon's own percentiles are whole milliseconds.
run.on("response", (client, status, bytes, milliseconds) => times.push(milliseconds));
const { errors, timeouts, non2xx, mismatches, duration } = await run;

times.sort((one, other) => one - other);
const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))];
const failed = errors + timeouts + non2xx + mismatches;
console.log(JSON.stringify({ answered: times.length, failed, seconds: duration, p50: at(0.5), p99: at(0.99) }));
