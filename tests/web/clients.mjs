// Uses the API as a web application would: urql for queries, mutations and, over graphql-ws and graphql-sse, subscriptions.
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient as createEvents } from "graphql-sse";
import { createClient as createSocket } from "graphql-ws";
import WebSocket from "ws";

const [url, token] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}` };
const socket = createSocket({ url: url.replace("http", "ws"), webSocketImpl: WebSocket, connectionParams: headers });
const events = createEvents({ url, headers });

function client(subscriptions, given = headers) {
  const forwardSubscription = ({ query, variables }) => ({
    subscribe: (sink) => ({ unsubscribe: subscriptions.subscribe({ query: query ?? "", variables }, sink) }),
  });
  const exchanges = [subscriptionExchange({ forwardSubscription }), fetchExchange];
  return new Client({ url, exchanges, fetchOptions: { headers: given }, preferGetMethod: false });
}

const TASKS = `
  query Tasks($first: Int!, $after: String) {
    tasks(first: $first, after: $after, orderBy: [{ field: KEY }]) {
      totalCount nodes { key title } pageInfo { hasNextPage endCursor }
    }
  }`;
const CREATE = `
  mutation Create($input: CreateTaskInput!) {
    createTask(input: $input) { item { key title } changeSeq userErrors { field code message } }
  }`;
const CHANGES = `
  subscription Changes($after: Int) { changes(after: $after) { seq items { operation } } }`;

// Reads changes from the first one on; writes one while it listens, and ends when that, the last one, has arrived.
function followed(through, key, last) {
  return new Promise((resolve, reject) => {
    const seen = [];
    const following = through.subscription(CHANGES, { after: 0 }).subscribe(async ({ data, error }) => {
      if (error) return reject(error);
      seen.push(data.changes);
      if (data.changes.seq === last - 1) await through.mutation(CREATE, { input: { key, title: "One more" } });
      if (data.changes.seq === last) {
        following.unsubscribe();
        resolve(seen);
      }
    });
  });
}

const overSocket = client(socket);
const overEvents = client(events);
const created = [
  await overSocket.mutation(CREATE, { input: { key: "W-1", title: "First" } }),
  await overSocket.mutation(CREATE, { input: { key: "W-2", title: "Second" } }),
  await overSocket.mutation(CREATE, { input: { key: "W-2", title: "Again" } }),
].map(({ data, error }) => ({ ...data.createTask, error: error ?? null }));
const first = (await overSocket.query(TASKS, { first: 1 })).data.tasks;
const second = (await overSocket.query(TASKS, { first: 1, after: first.pageInfo.endCursor })).data.tasks;
const invalid = await overSocket.query("{ tasks { nodes { nothing } } }", {});
const stranger = await client(socket, { authorization: "Bearer nobody" }).query(TASKS, { first: 1 });
const found = {
  created,
  pages: [first, second],
  invalid: invalid.error.graphQLErrors.map(({ extensions }) => extensions.code),
  stranger: stranger.error.graphQLErrors.map(({ extensions }) => extensions.code),
  socket: await followed(overSocket, "W-3", 3),
  events: await followed(overEvents, "W-4", 4),
};
await socket.dispose();
events.dispose();
process.stdout.write(JSON.stringify(found));
