// What a program in TypeScript relies on: the types that graphql-codegen makes of the schema and of documents.
import type { FinishMutation, LateQuery, LateQueryVariables, PlanMutation, UserErrorCode } from "./operations";
import type { Task } from "./schema";

export const variables: LateQueryVariables = { team: ["TEAM-1"] };

export function late(answer: LateQuery): string[] {
  return answer.tasks.nodes.map(({ key, title, due }) => `${key} ${title}, due ${due ?? "one day"}`);
}

export function refusals(answer: PlanMutation): UserErrorCode[] {
  return answer.createTask.userErrors.map(({ code }) => code);
}

export function startedAt(answer: FinishMutation): string | null {
  const item = answer.transitionItem.item;
  return item && "startedAt" in item ? (item.startedAt ?? null) : null;
}

export const numberOf = (task: Pick<Task, "version">): number => task.version;

// What must not compile: each line is an error, or the compiler finds that none was there.
// @ts-expect-error a due date may be absent
export const due = (answer: LateQuery): string => answer.tasks.nodes[0].due;
// @ts-expect-error nobody asked for the version
export const version = (answer: LateQuery): unknown => answer.tasks.nodes[0].version;
// @ts-expect-error teams are named by ids
export const wrong: LateQueryVariables = { team: [true] };
