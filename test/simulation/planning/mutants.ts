import type { Mutant } from "../mutants.ts";

const recipe = "src/recipes/planning";
const github = "src/connectors/github";

/** Bugs in planning's rules. */
export const planningMutants: readonly Mutant[] = [
  {
    name: "later-push-merged",
    rule: "what was pushed after the status was set is not merged",
    file: "src/app/planning-pulls.ts",
    search: "shippedSha: this.isShipped(one.pair) ? doc.knownSha : null,",
    replace: "shippedSha: this.isShipped(one.pair) ? (doc.pull?.headSha ?? null) : null,",
    profile: "planningShips",
  },
  {
    name: "moved-head-merged",
    rule: "a head that is another one than when the status was set is not merged",
    file: `${recipe}/pulls/judge.ts`,
    search: 'if (shippedSha !== headSha) return "moved";',
    replace: "",
    profile: "planningShips",
  },
  {
    name: "failing-check-merged",
    rule: "nothing is merged with a failing check",
    file: `${recipe}/pulls/judge.ts`,
    search: 'if (checkState === "failing") return "failing";',
    replace: "",
    profile: "planningShips",
  },
  {
    name: "unreviewed-merged",
    rule: "nothing is merged while a review is missing or asks for changes",
    file: `${recipe}/pulls/judge.ts`,
    search: 'return "changes";',
    replace: 'return "approved";',
    profile: "planningShips",
  },
  {
    name: "relayed-status-merges",
    rule: "a status that came from GitHub moves no pull request",
    file: `${recipe}/pulls/judge.ts`,
    search: 'if (isRelayed) return "relayed";',
    replace: "",
    profile: "planningShips",
  },
  {
    name: "old-status-merges",
    rule: "nothing is merged by a row that was edited before the sync was accepted",
    file: "src/app/planning-step.ts",
    search: "if (ledger.state.acceptedPrint === acceptedPrint) return;",
    replace:
      "if (ledger.state.acceptedPrint === acceptedPrint) return; if (ledger.state.acceptedAt === null) return ledger.setState({ acceptedPrint, acceptedAt: new Date(deps.clock.now()).toISOString() });",
    profile: "planningShips",
  },
  {
    name: "unmanaged-label-lost",
    rule: "labels that nobody manages stay where they are",
    file: "src/core/two-way/sets.ts",
    search: "if (name !== null && !names.has(name)) continue;",
    replace: "if (name === null || !names.has(name)) continue;",
    profile: "planningLabels",
  },
  {
    name: "unmanaged-label-copied",
    rule: "labels that nobody manages do not cross over",
    file: `${recipe}/rules.ts`,
    search: "(names === null || names.includes(label.toLowerCase())) &&",
    replace: "names !== undefined &&",
    profile: "planningLabels",
  },
  {
    name: "forged-marker-believed",
    rule: "a marker that we have not signed is none",
    file: `${github}/marker.ts`,
    search: "return keys.some((key) => timingSafeEqual(given, Buffer.from(signatureOf(payload, key))));",
    replace:
      "return keys.length > 0 && given.length > 0 && signatureOf(payload, keys[0] ?? '') !== '' && timingSafeEqual !== null;",
    profile: "planningForgers",
  },
  {
    name: "copied-marker-believed",
    rule: "a marker that was signed for another issue is none",
    file: `${github}/marker.ts`,
    search: "if (seal !== null && scopes.includes(seal.scope)) found",
    replace: "if (seal !== null && scopes.length > 0) found",
    profile: "planningForgers",
  },
  {
    name: "deleted-issue-kills-row",
    rule: "an issue that was deleted on GitHub deletes no row",
    file: `${recipe}/issue-view.ts`,
    search:
      'return observation.presence === "gone" ? { presence: "moved", record: departed(id) } : observation;',
    replace: "return id === '' ? { presence: 'moved', record: departed(id) } : observation;",
    profile: "planningDeaths",
  },
  {
    name: "comment-copied-again",
    rule: "a comment is copied once",
    file: "src/connectors/notion/comments.ts",
    search: 'if (await hasComment(http, { pageId, content }, signal)) return "there";',
    replace: "void hasComment;",
    profile: "planningComments",
  },
  {
    name: "draft-marked-ready-at-once",
    rule: "a draft that was opened for a status is marked ready by the next one, and not by the same",
    file: "src/app/planning-pulls.ts",
    search: 'return isOpened ? "opened" : "draft";',
    replace: 'return isOpened ? "draft" : "draft";',
    profile: "planningShips",
  },
  {
    name: "open-pull-closed-over",
    rule: "an issue stays open until its pull request is merged",
    file: `${recipe}/issue-fields.ts`,
    search: "facts !== null && !hasOpenPull(facts)",
    replace: "facts !== null",
    profile: "planningShips",
  },
  {
    name: "refusal-asked-again",
    rule: "what GitHub has refused is not asked again unchanged",
    file: "src/app/planning-pulls.ts",
    search: "if (this.isRefusedAlready(current, key)) {",
    replace: "void this.isRefusedAlready;",
    profile: "planningShips",
  },
];
