// The peer: @neo4j/graphql behind GraphQL Yoga, as their manuals say, over the database that workatlas wrote.
import { createServer } from "node:http";
import { Neo4jGraphQL } from "@neo4j/graphql";
import { createYoga } from "graphql-yoga";
import neo4j from "neo4j-driver";

const { NEO4J_URI, NEO4J_USERNAME, NEO4J_PASSWORD, WORKSPACE, TOKEN } = process.env;

// Labels, relationship types and properties as they stand in the database. What the caller may see is a filter on every
// type: one workspace, nothing archived, and of the items that only a team may see those of the caller's teams.
const node = (name, labels, fields) => `
  type ${name} @node(labels: ${JSON.stringify(labels)})
    @authorization(filter: [{ requireAuthentication: false, where: { node: {
      workspace: { eq: "$context.workspace" }, archivedAt: { eq: null },
      OR: [{ visibility: { eq: "WORKSPACE" } }, { team: { in: "$context.teams" } }]
    } } }]) {
    id: ID! workspace: String! archivedAt: DateTime visibility: String team: String key: String! title: String!
    ${fields}
  }`;
const typeDefs = [
  node("Task", ["Item", "Work", "Task"], `
    status: String priority: String due: Date estimate: Float
    blockedBy: [Task!]! @relationship(type: "BLOCKS", direction: IN, properties: "Blocks")
    assignees: [Doer!]! @relationship(type: "ASSIGNED_TO", direction: OUT)`),
  node("WorkItem", ["Item", "Work"], `
    status: String
    partOf: [WorkItem!]! @relationship(type: "PART_OF", direction: OUT)
    contributesTo: [GoalItem!]! @relationship(type: "CONTRIBUTES_TO", direction: OUT)`),
  node("GoalItem", ["Item", "Goal"], ""),
  node("Person", ["Item", "Person"], `
    assigned: [WorkItem!]! @relationship(type: "ASSIGNED_TO", direction: IN)`),
  node("Doer", ["Item"], ""),
  "type Blocks @relationshipProperties { type: String! lag: Float! }",
].join("\n");

const driver = neo4j.driver(NEO4J_URI, neo4j.auth.basic(NEO4J_USERNAME, NEO4J_PASSWORD));
const schema = await new Neo4jGraphQL({ typeDefs, driver }).getSchema();

function context({ request }) {
  if (request.headers.get("authorization") !== `Bearer ${TOKEN}`) throw new Error("a key is needed");
  return { workspace: WORKSPACE, teams: [] };
}

const server = createServer(createYoga({ schema, context, graphiql: false, landingPage: false }));
server.listen(0, "127.0.0.1", () => console.log(`ready http://127.0.0.1:${server.address().port}/graphql`));
process.once("SIGTERM", () => process.exit());
