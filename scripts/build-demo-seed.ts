/** Builds src/emulator/seeds/demo.json from recorded API answers. Run: node scripts/build-demo-seed.ts */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Obj = { [key: string]: Json };

const root = new URL("..", import.meta.url).pathname;
const fixtures = join(root, "test/fixtures/notion");
const computed = new Set([
  "rollup",
  "formula",
  "created_time",
  "last_edited_time",
  "created_by",
  "last_edited_by",
  "relation",
  "button",
]);

function obj(value: Json | undefined): Obj {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

function list(value: Json | undefined): Obj[] {
  return Array.isArray(value) ? value.map(obj) : [];
}

/** The objects answered in one file. */
function answered(file: string): Obj[] {
  const body = obj(obj(obj(JSON.parse(readFileSync(join(fixtures, file), "utf8"))).response).body);
  return body.results === undefined ? [body] : list(body.results);
}

/** Everything a folder's answers hold, the last answer about an object counting. */
function folder(name: string, filter: (file: string) => boolean = () => true): Map<string, Obj> {
  const found = new Map<string, Obj>();
  for (const file of readdirSync(join(fixtures, name)).filter(filter).sort()) {
    for (const object of answered(join(name, file))) found.set(String(object.id), object);
  }
  return found;
}

function parentId(page: Obj): Json {
  const parent = obj(page.parent);
  return parent.data_source_id ?? parent.database_id ?? null;
}

function text(items: Json | undefined): string {
  return list(items)
    .map((item) => String(item.plain_text))
    .join("");
}

/** Signed links expire; only the part that names the file is kept. */
function withoutSignature(value: Json): Json {
  if (typeof value === "string" && value.includes("X-Amz-")) return value.split("?")[0] ?? value;
  if (Array.isArray(value)) return value.map(withoutSignature);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSignature(inner)]));
}

/** A recorded page as a row; `knows` says which columns the seed keeps. */
function recordedRow(page: Obj, knows: Obj): Obj {
  const properties = Object.entries(obj(page.properties)).filter(
    ([name, value]) => knows[name] !== undefined && !computed.has(String(obj(value).type)),
  );
  return {
    about: "recorded",
    id: page.id ?? null,
    createdTime: page.created_time ?? null,
    lastEditedTime: page.last_edited_time ?? null,
    createdBy: obj(page.created_by).id ?? null,
    lastEditedBy: obj(page.last_edited_by).id ?? null,
    icon: withoutSignature(page.icon ?? null),
    cover: withoutSignature(page.cover ?? null),
    properties: Object.fromEntries(
      properties.map(([name, value]) => {
        const type = String(obj(value).type);
        return [name, { [type]: withoutSignature(obj(value)[type] ?? null) }];
      }),
    ),
  };
}

/** A recorded schema without the columns the seed cannot hold. */
function recordedSchema(schema: Json | undefined, drop: (column: Obj) => boolean): Obj {
  return Object.fromEntries(Object.entries(obj(schema)).filter(([, column]) => !drop(obj(column))));
}

const searched = folder("notional/test_simple_search");
const tasksId = "e469c062-0e6b-4c7d-9335-550954dca09f";
const contactsId = "71548f34-ae7a-4f89-8309-2f3971d0d56e";
const postsId = "1ae33dd5-f331-4402-9480-69517fa40ae2";
const sampleId = "4f93db51-4e1d-4015-b07f-876e34c3b0b1";

/** Ids the data sources get; what was recorded before 2025-09-03 has database ids only. */
const tasksSourceId = "e469c062-0e6b-4c7d-9335-000b54dca09f";
const contactsSourceId = "71548f34-ae7a-4f89-8309-000bd0d56e01";
const postsSourceId = "1ae33dd5-f331-4402-9480-000b7fa40ae2";
const sampleDatabaseId = "c37a2c66-e3aa-4a0d-a447-73de3b80c253";

function rowsOf(objects: Map<string, Obj>, parent: string): Obj[] {
  return [...objects.values()].filter((object) => object.object === "page" && parentId(object) === parent);
}

/** People seen with a name, in values of any type. */
function collectPeople(value: Json, people: Map<string, Obj>): void {
  if (Array.isArray(value)) for (const inner of value) collectPeople(inner, people);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  if (value.type === "person" && typeof value.name === "string") {
    const email = obj(value.person).email;
    people.set(String(value.id), {
      id: value.id ?? null,
      name: value.name,
      ...(typeof email === "string" ? { email } : {}),
      ...(typeof value.avatar_url === "string" ? { avatarUrl: value.avatar_url } : {}),
    });
  }
  for (const inner of Object.values(value)) collectPeople(inner, people);
}

function tasksSchema(): Obj {
  const schema = recordedSchema(searched.get(tasksId)?.properties, () => false);
  const relation = obj(schema.Related);
  return {
    ...schema,
    Related: {
      ...relation,
      relation: {
        data_source_id: contactsSourceId,
        type: "dual_property",
        dual_property: { synced_property_name: "Project", synced_property_id: "LYKl" },
      },
    },
    "Display Title": {
      ...obj(schema["Display Title"]),
      formula: { expression: 'prop("Title") + " [" + prop("Priority") + "]"' },
    },
    ID: { id: "%7BGE%7C", type: "unique_id", unique_id: { prefix: "TASK" } },
  };
}

/** Both directions of the recorded relation, so that neither side's cut-off list loses an entry. */
function relatedTo(task: Obj, contacts: readonly Obj[]): Json[] {
  const own = list(obj(obj(task.properties).Related).relation).map((target) => String(target.id));
  const back = contacts.filter((contact) =>
    list(obj(obj(contact.properties).Project).relation).some((target) => target.id === task.id),
  );
  const known = new Set(contacts.map((contact) => contact.id));
  return [...new Set([...own, ...back.map((contact) => String(contact.id))])]
    .filter((id) => known.has(id))
    .map((id) => ({ id }));
}

interface MadeUp {
  readonly title: string;
  readonly status: string;
  readonly priority: string | null;
  readonly tags: readonly string[];
  readonly due: string | null;
  readonly progress: number | null;
}

const madeUp: readonly MadeUp[] = [
  {
    title: "Write the release notes",
    status: "In progress",
    priority: "High",
    tags: ["Work", "Draft"],
    due: "2026-11-24",
    progress: 60,
  },
  {
    title: "Renew the domain",
    status: "Backlog",
    priority: "Urgent",
    tags: ["Work"],
    due: "2026-11-30",
    progress: 0,
  },
  {
    title: "Compare three backup providers",
    status: "Done",
    priority: "High",
    tags: ["Work", "To Review"],
    due: "2026-10-15",
    progress: 100,
  },
  {
    title: "Buy coffee, tea & oat milk",
    status: "Backlog",
    priority: "Low",
    tags: ["Grocery"],
    due: null,
    progress: null,
  },
  {
    title: "Plan the kitchen move – part 2",
    status: "In progress",
    priority: null,
    tags: ["Projects"],
    due: "2026-12-05",
    progress: 35,
  },
  {
    title: "Fix the flaky login test",
    status: "In progress",
    priority: "Urgent",
    tags: ["Work"],
    due: "2026-11-23",
    progress: 80,
  },
  {
    title: "Review the data retention policy",
    status: "Backlog",
    priority: "High",
    tags: ["Work", "To Review"],
    due: "2027-01-15",
    progress: 0,
  },
  {
    title: "Archive last year's invoices",
    status: "Done",
    priority: "Low",
    tags: ["Work"],
    due: "2026-02-01",
    progress: 100,
  },
  {
    title: "Prepare the quarterly report",
    status: "Backlog",
    priority: "High",
    tags: ["Work", "Projects"],
    due: "2026-12-31",
    progress: 5,
  },
  {
    title: "Answer the customer survey 顧客調査",
    status: "In progress",
    priority: null,
    tags: ["Work"],
    due: "2026-11-27",
    progress: 50,
  },
  {
    title: "Replace the smoke detector battery",
    status: "Done",
    priority: "Urgent",
    tags: [],
    due: "2026-09-01",
    progress: 100,
  },
  {
    title: "Sketch the onboarding page",
    status: "In progress",
    priority: "Low",
    tags: ["Draft", "Projects"],
    due: null,
    progress: 20,
  },
  {
    title: "Call the accountant",
    status: "Backlog",
    priority: "High",
    tags: [],
    due: "2026-11-26",
    progress: null,
  },
  {
    title: "Measure query times at 100,000 rows",
    status: "Done",
    priority: null,
    tags: ["Work"],
    due: "2026-10-30",
    progress: 100,
  },
  {
    title: "Order new name badges",
    status: "Backlog",
    priority: "Low",
    tags: ["Work"],
    due: null,
    progress: 0,
  },
  {
    title: "Translate the help page into Spanish",
    status: "Backlog",
    priority: null,
    tags: ["Draft"],
    due: "2027-02-10",
    progress: 0,
  },
  {
    title: "Rotate the access tokens",
    status: "Done",
    priority: "Urgent",
    tags: ["Work"],
    due: "2026-11-01",
    progress: 100,
  },
  {
    title: "Choose paint for the hallway",
    status: "Backlog",
    priority: "Low",
    tags: ["Projects", "Grocery"],
    due: null,
    progress: null,
  },
  {
    title: "Test restoring from a backup",
    status: "In progress",
    priority: "High",
    tags: ["Work", "To Review"],
    due: "2026-12-01",
    progress: 40,
  },
  {
    title: "Thank the conference speakers 🎤",
    status: "Done",
    priority: null,
    tags: [],
    due: "2026-06-20",
    progress: 100,
  },
  {
    title: "Merge the duplicate contacts",
    status: "In progress",
    priority: "Low",
    tags: ["Work"],
    due: "2026-12-12",
    progress: 15,
  },
  {
    title: "Book the train to Lyon",
    status: "Backlog",
    priority: "High",
    tags: [],
    due: "2026-12-18",
    progress: 0,
  },
  {
    title: "Update the emergency phone list",
    status: "Done",
    priority: null,
    tags: ["Work"],
    due: "2026-08-08",
    progress: 100,
  },
  {
    title: "Draft the budget for 2027",
    status: "Backlog",
    priority: "High",
    tags: ["Draft", "Work"],
    due: "2026-12-20",
    progress: 10,
  },
];

const firstMadeUp = Date.parse("2026-09-01T08:00:00.000Z");
const hourMs = 3_600_000;

function madeUpRow(task: MadeUp, index: number, owners: readonly string[], contacts: readonly Obj[]): Obj {
  const created = firstMadeUp + index * 47 * hourMs;
  const words = (content: string): Json => [{ type: "text", text: { content } }];
  const owner = owners[index % owners.length];
  return {
    about: "made up",
    createdTime: new Date(created).toISOString(),
    lastEditedTime: new Date(created + (index % 5) * 26 * hourMs).toISOString(),
    icon: index % 4 === 0 ? { type: "emoji", emoji: "📌" } : null,
    properties: {
      Title: { title: words(task.title) },
      Summary: { rich_text: index % 3 === 0 ? words(`Notes on “${task.title.toLowerCase()}”.`) : [] },
      Status: { status: { name: task.status } },
      Priority: { select: task.priority === null ? null : { name: task.priority } },
      Tags: { multi_select: task.tags.map((name) => ({ name })) },
      "Due Date": { date: task.due === null ? null : { start: task.due, end: null } },
      Timestamp: {
        date:
          index % 2 === 0
            ? { start: new Date(created).toISOString().replace("Z", "+02:00"), end: null }
            : null,
      },
      Complete: { checkbox: task.status === "Done" },
      Progress: { number: task.progress },
      Index: { number: index },
      Cost: { number: index % 3 === 0 ? index * 12.5 : null },
      Owner: { people: owner === undefined || index % 5 === 4 ? [] : [{ id: owner }] },
      Reference: { url: index % 4 === 1 ? `https://example.com/tasks/${index}` : null },
      "Contact Email": { email: index % 6 === 2 ? `contact-${index}@example.com` : null },
      "Contact Phone": {
        phone_number: index % 6 === 3 ? `+1 555 01${String(index).padStart(2, "0")}` : null,
      },
      Attachments: {
        files:
          index % 8 === 5
            ? [{ name: "brief.pdf", type: "external", external: { url: "https://example.com/brief.pdf" } }]
            : [],
      },
      Related: {
        relation: contacts.slice(index, index + (index % 4)).map((contact) => ({ id: contact.id ?? null })),
      },
    },
  };
}

function buildTasks(contacts: readonly Obj[], owners: readonly string[]): Obj {
  const schema = tasksSchema();
  const recorded = rowsOf(searched, tasksId).map((page) => {
    const row = recordedRow(page, schema);
    return {
      ...row,
      properties: { ...obj(row.properties), Related: { relation: relatedTo(page, contacts) } },
    };
  });
  const rows = [...recorded, ...madeUp.map((task, index) => madeUpRow(task, index, owners, contacts))];
  return {
    id: tasksId,
    title: "Tasks",
    icon: { type: "emoji", emoji: "✅" },
    dataSources: [{ id: tasksSourceId, name: "Tasks", properties: schema, rows }],
  };
}

function build(): Obj {
  const posts = new Map([
    ...folder("jekyll-notion/notion_database", (file) => file.includes("-post-")),
    ...folder("jekyll-notion/notion_database", (file) => file.includes("000-get-databases")),
  ]);
  const sample = folder("notion_ruby_mapping/interactions", (file) =>
    /^(query_data_source_(limit|next|last|select)|retrieve_data_source_data_source)/.test(file),
  );
  const contacts = rowsOf(searched, contactsId);
  const people = new Map<string, Obj>();
  for (const objects of [searched, posts, sample])
    for (const object of objects.values()) collectPeople(object, people);
  const contactsSchema = recordedSchema(
    searched.get(contactsId)?.properties,
    (column) => column.type === "relation",
  );
  // These relations and the rollup over them lead to databases that were not recorded.
  const isOutside = (column: Obj): boolean => column.type === "relation" || column.type === "rollup";
  const sampleSchema = recordedSchema(sample.get(sampleId)?.properties, isOutside);
  const postsSchema = obj(posts.get(postsId)?.properties);
  return {
    about:
      "A workspace for demonstrations. Rows marked recorded are pages of real API answers (jheddings/notional, hkob/notion_ruby_mapping and emoriarty/jekyll-notion, all MIT, see test/fixtures/notion/README.md) with their recorded ids, times and values; rows marked made up are invented for the same schema. In Tasks the column ID was added and the formula Display Title rewritten.",
    name: "Lockstep demo",
    people: [...people.values()],
    databases: [
      buildTasks(contacts, [...people.keys()]),
      {
        id: contactsId,
        title: "Contacts",
        dataSources: [
          {
            id: contactsSourceId,
            name: "Contacts",
            properties: contactsSchema,
            rows: contacts.map((page) => recordedRow(page, contactsSchema)),
          },
        ],
      },
      {
        id: sampleDatabaseId,
        title: text(sample.get(sampleId)?.title),
        dataSources: [
          {
            id: sampleId,
            name: text(sample.get(sampleId)?.title),
            properties: sampleSchema,
            rows: rowsOf(sample, sampleId).map((page) => recordedRow(page, sampleSchema)),
          },
        ],
      },
      {
        id: postsId,
        title: "Posts",
        dataSources: [
          {
            id: postsSourceId,
            name: "Posts",
            properties: postsSchema,
            rows: rowsOf(posts, postsId).map((page) => recordedRow(page, postsSchema)),
          },
        ],
      },
    ],
    pages: [],
  };
}

/** One row a line: short enough to read, and changes show in a diff. */
function print(seed: Obj): string {
  const marker = "\u0000";
  const rows: string[] = [];
  const whole = JSON.stringify(
    seed,
    (key, value) => {
      if (key !== "rows") return value;
      return value.map((row: Json) => `${marker}${rows.push(JSON.stringify(row)) - 1}${marker}`);
    },
    1,
  );
  return `${whole.replace(/"\\u0000(\d+)\\u0000"/g, (_, index) => rows[Number(index)] ?? "")}\n`;
}

writeFileSync(join(root, "src/emulator/seeds/demo.json"), print(build()));
