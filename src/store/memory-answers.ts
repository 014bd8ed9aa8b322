import type { Answer, AnswerStore } from "./answer-store.ts";

export function createMemoryAnswers(): AnswerStore {
  const answers = new Map<string, Answer>();
  return {
    async get(key) {
      const answer = answers.get(key);
      return answer === undefined ? null : structuredClone(answer);
    },
    async put(key, answer) {
      answers.set(key, structuredClone(answer));
    },
  };
}
