// Written by clients/generate.py from the OpenAPI document; changes here are lost.

/** A record in the field ids of its dataset. */
export type Record_ = Record<string, unknown>;

/** A legal basis and how certain it is. */
export interface BasisOut {
  title: string;
  article: string;
  /** `confirmed`, or `to_be_confirmed` by the operator's legal office. */
  status: string;
}

/** The answer about one entity. */
export interface BodyOut {
  /** Names this answer, here and in the log the subject reads. */
  query: string;
  asked: string;
  outcome: "known" | "moved";
  moved: MovedOut | null;
  entity: EntityOut;
  facts: Array<FactOut>;
  /** Entries of lists. */
  lists: Array<FactOut>;
  /** Measures and incentives whose scene is the item and whose executor is the asking organ. Advice: an officer decides, with reason and notice. */
  measures: Array<MeasureOut>;
  purpose: string;
  item: string;
  scope: ScopeOut;
  query_basis: Array<BasisOut>;
}

/** Why a code of a batch has no answer. */
export interface CodeErrorOut {
  code: string;
  message_zh: string;
  message_en: string;
  data: Record<string, string>;
}

/** Which state of the data answered. */
export interface DataOut {
  /** Every event of the ledger up to this one is in the answer. */
  event: number;
  /** So long ago nothing newer had been committed. */
  age_ms: number;
  source: "snapshot" | "ledger";
}

/** A dataset the client may deliver. */
export interface DatasetOut {
  code: string;
  edition: string;
  name_zh: string;
  name_en: string;
  /** JSON Schema of a record; null for files of several datasets. */
  record_schema: string | null;
  records_url: string | null;
  deliveries_url: string;
}

/** Datasets the client may deliver. */
export interface DatasetsOut {
  datasets: Array<DatasetOut>;
}

/** M3: what an officer decided on one measure and one entry, in a matter. */
export interface DecisionIn {
  /** Number of the entity, as it was asked. */
  code: string;
  /** Number of the entry: `measures[].object.record` of the answer. */
  record: string;
  /** `measures[].id` of the answer. */
  measure: string;
  /** Item the question was asked for; it names scene, purpose and basis. */
  item: string;
  /** The matter at hand, as the unit calls it. */
  matter: string;
  /** Staff number of the officer in the asking system; no name of a person. */
  officer: string;
  decision: "applied" | "not_applicable" | "waived";
  /** Why, in the officer's words. */
  reason: string;
  /** For not_applicable and waived: a code of /api/v1/joint-work/vocabulary. */
  reason_code?: string;
  /** Applied: how the act bears on the matter (MEA-03). */
  relation?: string;
  /** Applied: number of the written notice (MEA-05). */
  notice?: string;
  /** Applied: day it was served. */
  notice_served_on?: string | null;
  /** Applied: what it says; all three are needed. */
  notice_says?: Array<"basis" | "reason" | "relief">;
  /** How long, where the row leaves it open. */
  months?: number | null;
}

/** A page of the client's department's deliveries through the API, newest first. */
export interface DeliveriesOut {
  total: number;
  page: number;
  pages: number;
  deliveries: Array<DeliveryOut>;
}

/** The receipt of a delivery: read = accepted + rejected + unchanged, always. */
export interface DeliveryOut {
  /** Number of the delivery. */
  number: string;
  dataset: string;
  /** received, reading, held, committed, refused or failed; the last three beside held are final, and failed is tried again by the platform. */
  state: string;
  channel: string;
  uploader: string;
  file_name: string;
  /** SHA-256 of the file as it was kept. */
  sha256: string;
  size_bytes: number;
  received_at: string;
  committed_at: string | null;
  edition: string;
  layout: string;
  read: number;
  accepted: number;
  rejected: number;
  unchanged: number;
  warnings: number;
  entities_created: number;
  late_rows: number;
  oldest_decision: string | null;
  notes: Array<NoteOut>;
  /** Why it waits for a person's release. */
  hold: Array<NoteOut>;
  /** Why the whole delivery was refused, or failed. */
  failure: Record<string, unknown> | null;
  /** Address of this receipt. */
  url: string;
  /** Address of its findings. */
  findings_url: string;
}

/** The entity that answers to the number today. */
export interface EntityOut {
  key: string;
  name: string;
  kind: string;
  status: string;
  status_means: string;
  registered: boolean;
}

/** M4: when and how it was carried out. */
export interface ExecutionIn {
  /** `seq` the officer saw. */
  seen: number;
  /** Staff number of the officer in the asking system; no name of a person. */
  officer: string;
  executed_on: string;
  result: string;
  document?: string;
}

/** A record that applies today, with its basis, its source and its end. */
export interface FactOut {
  /** Permanent number of the record; /records/R… is its page. */
  record: string;
  dataset: string;
  dataset_name: string;
  /** `favourable`, `neutral` or `adverse`. */
  nature: string;
  number: string | null;
  content: string | null;
  authority: string | null;
  decided_on: string | null;
  public_from: string;
  /** Last day it may be used; null: for good. */
  ends_on: string | null;
  severity: string | null;
  /** Rows of the publicity rules behind the dates. */
  rule: string;
  period_basis: string | null;
  basis: Array<BasisOut>;
  /** Marks, such as 异议处理中 (under objection). */
  states: Array<string>;
  source: SourceOut;
  received_at: string;
  /** `shared`: not public, for organs with this purpose only. */
  audience: "public" | "shared";
}

/** A remark on one row: where, which value, why, and what to do. */
export interface FindingOut {
  /** Row of the file, line of JSON Lines; 1 for a single record. */
  row: number;
  /** Field id of the catalogue. */
  field: string;
  /** Column or key as sent. */
  column: string;
  /** The value as sent, shortened; never a personal number. */
  value: string;
  /** `error` (the row is returned) or `warning` (the row is stored). */
  severity: string;
  /** Group of the remark. */
  kind: string;
  /** What exactly; docs/findings.md explains each. */
  code: string;
  reason_zh: string;
  reason_en: string;
  suggestion_zh: string;
  suggestion_en: string;
  /** The value to use instead, when exactly one explains the mistake. */
  fix: string;
}

/** A page of findings in the order of the file. */
export interface FindingsOut {
  delivery: string;
  total: number;
  page: number;
  pages: number;
  findings: Array<FindingOut>;
}

/** An item the client may ask for. */
export interface ItemOut {
  purpose: string;
  purpose_zh: string;
  purpose_en: string;
  item: string;
  zh: string;
  en: string;
  sees: Array<string>;
  shared: Array<string>;
  basis: Array<BasisOut>;
}

/** Items of the calling client, with the digest of the rules they stand in. */
export interface ItemsOut {
  items: Array<ItemOut>;
  rules: string;
}

/** A page of the unit's work, the longest unmoved first. */
export interface JointListOut {
  works: Array<JointOut>;
  page: number;
  pages: number;
  total: number;
}

/** A measure or incentive before one unit for one matter, with every message. */
export interface JointOut {
  number: number;
  /** A code of /api/v1/joint-work/vocabulary. */
  state: string;
  /** Number of its last message; whoever goes on names it as `seen`. */
  seq: number;
  entity: string;
  record: string;
  list: string | null;
  measure: string;
  favourable: boolean;
  scene: string;
  matter: string;
  until: string | null;
  /** Last day for the next message of the executor. */
  due_on: string | null;
  moved_at: string;
  messages: Array<MessageOut>;
}

/** M6: the measure is lifted. */
export interface LiftingIn {
  /** `seq` the officer saw. */
  seen: number;
  /** Staff number of the officer in the asking system; no name of a person. */
  officer: string;
  lifted_on: string;
  note: string;
}

/** A measure or an incentive an officer of the asking organ may consider. */
export interface MeasureOut {
  id: string;
  kind: "measure" | "incentive";
  name: string;
  means: string;
  degree: string;
  basis: Array<BasisOut>;
  /** The list of measures it stands on. */
  source: string;
  object: ObjectOut;
  ends_on: string | null;
}

/** One message of a piece of work: M3, M4, M5, M6, reminder or escalation. */
export interface MessageOut {
  seq: number;
  message: string;
  state: string;
  actor: string;
  at: string;
  facts: Record<string, unknown>;
  reason: string;
}

/** Why the answer stands under another number than the one asked. */
export interface MovedOut {
  /** The number asked. */
  from: string;
  /** `merged`, `former_code` or `number`. */
  reason: string;
}

/** A code of a batch that has no answer. */
export interface NoAnswerOut {
  /** Null where what was asked must not be repeated. */
  asked: string | null;
  outcome: "unknown" | "invalid" | "refused";
  error: CodeErrorOut;
}

/** A remark on a whole delivery. */
export interface NoteOut {
  zh: string;
  en: string;
}

/** What a measure follows from. */
export interface ObjectOut {
  record: string;
  dataset: string;
  list: string | null;
  document: string | null;
  authority: string | null;
  disputed: boolean;
}

/** What became of a single record. */
export interface RecordOut {
  /** `stored`, `unchanged`, or the state of the delivery where it is not final. */
  outcome: string;
  record: StoredRecord | null;
  /** Remarks that did not stop it. */
  findings: Array<FindingOut>;
  delivery: DeliveryOut;
}

/** Digests of the rules that answered. */
export interface RulesOut {
  publicity: string;
  verification: string;
  measures: string;
}

/** What was looked at: an empty list of facts speaks for these datasets only. */
export interface ScopeOut {
  checked: Array<string>;
  shared: Array<string>;
}

/** Where a fact came from. */
export interface SourceOut {
  department: string;
  code: string;
  delivery: string;
  row: number;
}

/** Where the record is now. */
export interface StoredRecord {
  record_id: number;
  version: number;
  /** SHA-256 of the canonical content, hexadecimal; the proof file names it. */
  content_hash: string;
  /** The entity's file on the public site. */
  entity_url: string;
}

/** A batch of at most 1 000 numbers. */
export interface VerifyBatchIn {
  purpose: string;
  item: string;
  /** Number of the case in the asking system. */
  case?: string;
  codes: Array<string>;
}

/** Answers in the order of the codes. */
export interface VerifyBatchOut {
  answered_at: string;
  data: DataOut;
  rules: RulesOut;
  answers: Array<BodyOut | NoAnswerOut>;
}

/** The answer about one entity, with what answered. */
export interface VerifyOut {
  answered_at: string;
  data: DataOut;
  rules: RulesOut;
  /** Names this answer, here and in the log the subject reads. */
  query: string;
  asked: string;
  outcome: "known" | "moved";
  moved: MovedOut | null;
  entity: EntityOut;
  facts: Array<FactOut>;
  /** Entries of lists. */
  lists: Array<FactOut>;
  /** Measures and incentives whose scene is the item and whose executor is the asking organ. Advice: an officer decides, with reason and notice. */
  measures: Array<MeasureOut>;
  purpose: string;
  item: string;
  scope: ScopeOut;
  query_basis: Array<BasisOut>;
}

/** Codes of joint work. */
export interface VocabularyOut {
  states: Array<WordOut>;
  messages: Array<WordOut>;
  triggers: Array<WordOut>;
  reasons: Array<WordOut>;
}

/** A code in both languages. ``of``: the decision a reason belongs to. */
export interface WordOut {
  code: string;
  zh: string;
  en: string;
  of?: string | null;
}

/** One method for each operation with a key. */
export class Operations {
  /** 报送一条信息 / Send one record */
  sendRecord(dataset: string, body: Record_, options?: { idempotencyKey?: string }): Promise<RecordOut>;
  /** 报送一批 / Send a batch */
  sendDelivery(dataset: string, body: Array<Record_> | Uint8Array | string, options?: { idempotencyKey?: string; contentType?: "application/json" | "application/x-ndjson" | "application/jsonl" | "text/csv" | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" | "application/gzip" }): Promise<DeliveryOut>;
  /** 可报送的信息资源 / Datasets this client may deliver */
  listDatasets(): Promise<DatasetsOut>;
  /** 本部门经接口报送的批次 / Own deliveries */
  listDeliveries(options?: { dataset?: string; state?: string; page?: number }): Promise<DeliveriesOut>;
  /** 批次回执 / Receipt of a delivery */
  getDelivery(number: string): Promise<DeliveryOut>;
  /** 逐行问题 / Findings of a delivery */
  listFindings(number: string, options?: { page?: number }): Promise<FindingsOut>;
  /** 可核验的事项 / Items this client may verify for */
  listVerifyItems(): Promise<ItemsOut>;
  /** 核验一个主体 / Verify one entity */
  verifyEntity(code: string, options?: { purpose?: string; item?: string; case?: string }): Promise<VerifyOut>;
  /** 核验一批主体 / Verify a batch */
  verifyBatch(body: VerifyBatchIn): Promise<VerifyBatchOut>;
  /** 联合奖惩的代码 / Codes of joint work */
  jointVocabulary(): Promise<VocabularyOut>;
  /** 本单位的联合奖惩办理 / Joint work of this unit */
  listJointWork(options?: { state?: string; matter?: string; page?: number }): Promise<JointListOut>;
  /** 记录决定（M3） / Record a decision (M3) */
  decideJointWork(body: DecisionIn, options?: { idempotencyKey?: string | null }): Promise<JointOut>;
  /** 一件联合奖惩办理 / One piece of joint work */
  getJointWork(number: number): Promise<JointOut>;
  /** 反馈执行情况（M4） / Feed back the execution (M4) */
  executeJointWork(number: number, body: ExecutionIn, options?: { idempotencyKey?: string | null }): Promise<JointOut>;
  /** 回执解除情况（M6） / Acknowledge the lifting (M6) */
  liftJointWork(number: number, body: LiftingIn, options?: { idempotencyKey?: string | null }): Promise<JointOut>;
}

/** A key the platform's operator registered for this system. */
export class SigningKey {
  readonly keyid: string;
  readonly algorithm: "hmac-sha256" | "ed25519";
  static hmac(keyid: string, secret: string): Promise<SigningKey>;
  static ed25519(keyid: string, pem: string): Promise<SigningKey>;
  headers(method: string, authority: string, path: string, query: string, body: Uint8Array | null): Promise<Record<string, string>>;
}

/** One system's way to the platform. */
export class Client extends Operations {
  constructor(
    base: string,
    options: {
      key?: string;
      signing?: SigningKey;
      retries?: number;
      longestWait?: number;
      timeout?: number;
      language?: "zh" | "en";
      fetch?: typeof fetch;
    },
  );
  /** The request quota that ends first, as the last answer told it. */
  limit: { limit: number; remaining: number; reset: number } | null;
}

/** An error answer (RFC 9457). */
export class Problem extends Error {
  status: number;
  code: string;
  title: string;
  detail: string;
  messageZh: string;
  messageEn: string;
  data: Record<string, string>;
  findings: Array<Record<string, unknown>>;
  body: Record<string, unknown>;
  retryAfter: number | null;
}

/** The platform could not be reached, or gave no readable answer. */
export class NotReached extends Error {}

/** The message is not from the platform, was changed on the way, or is too old. */
export class WebhookInvalid extends Error {}

/** A message of the platform to this system. */
export interface Event {
  delivery: string;
  type: string;
  created_at: string;
  entity?: string | null;
  data: Record<string, unknown>;
}

export function readWebhook(body: Uint8Array, signature: string, key: string, options?: { within?: number; now?: number }): Promise<Event>;
