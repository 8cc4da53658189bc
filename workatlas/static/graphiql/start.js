// Starts GraphiQL on this server's own API. Whoever needs a key enters it under "Headers".
"use strict";

const fetcher = GraphiQL.createFetcher({ url: new URL("/graphql", location).href });
const example = `# What stands between a goal and done? Write a query here; Ctrl and Enter run it.
{
  goals(first: 5) {
    nodes { key title due }
  }
}
`;
ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, { fetcher, defaultQuery: example, shouldPersistHeaders: false }),
);
