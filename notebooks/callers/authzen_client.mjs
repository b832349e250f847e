// @ts-check
/**
 * A client of `govlab serve` for TypeScript and JavaScript, without dependencies: it asks whether an
 * action may go (AuthZEN 1.0), and reports what became of it.
 *
 *     govlab serve engine
 *     node authzen_client.mjs http://127.0.0.1:8181
 *
 * Fails closed: whatever is no clear `true` is no.
 */

/** @typedef {{id: string, type: string, properties?: Record<string, unknown>}} Entity */
/**
 * @typedef {object} Question
 * @property {Entity} subject for whom the action is
 * @property {{name: string, properties?: Record<string, unknown>}} action its arguments are properties
 * @property {Entity} resource a tool, or what it acts on
 * @property {Record<string, unknown>} [context] `agent`, `env`, `supported_obligations` ...
 */
/** @typedef {{permitted: boolean, reason: string | null, context: Record<string, unknown>, id: string}} Ruling */

export class PolicyClient {
  /**
   * @param {string} url of the server
   * @param {{token?: string, patience?: number}} [options] `patience` in milliseconds
   */
  constructor(url, { token, patience = 2000 } = {}) {
    this.url = url.replace(/\/$/, "");
    this.patience = patience;
    /** @type {Record<string, string>} */
    this.headers = { "content-type": "application/json" };
    if (token) this.headers.authorization = `Bearer ${token}`;
  }

  /**
   * Whether an action may go; `id` names it in reports. Never throws.
   * @param {Question} question
   * @param {string} [id]
   * @returns {Promise<Ruling>}
   */
  async evaluate(question, id = crypto.randomUUID()) {
    try {
      const answer = await this.#post("/access/v1/evaluation", question, { "x-request-id": id });
      const context = answer.context ?? {};
      return { permitted: answer.decision === true, reason: context.reason ?? null, context, id };
    } catch (error) {
      return { permitted: false, reason: `unreachable: ${String(error)}`, context: {}, id };
    }
  }

  /**
   * Calls `action` where it may go, and reports how it ended.
   * @template T
   * @param {Question} question
   * @param {() => Promise<T>} action
   * @returns {Promise<T>}
   */
  async guarded(question, action) {
    const ruling = await this.evaluate(question);
    if (!ruling.permitted) throw new Error(`denied: ${ruling.reason}`);
    await this.report(ruling.id, "started", {});
    try {
      const result = await action();
      await this.report(ruling.id, "ended", { outcome: "success" });
      return result;
    } catch (error) {
      await this.report(ruling.id, "ended", { outcome: "error" });
      throw error;
    }
  }

  /**
   * Tells of an approval, a start or an end.
   * @param {string} id
   * @param {"approval" | "started" | "ended"} kind
   * @param {Record<string, unknown>} body
   */
  async report(id, kind, body) {
    await this.#post(`/govlab/v1/events/${encodeURIComponent(id)}/${kind}`, body, {});
  }

  /**
   * @param {string} path
   * @param {unknown} body
   * @param {Record<string, string>} more
   * @returns {Promise<any>}
   */
  async #post(path, body, more) {
    const response = await fetch(this.url + path, {
      method: "POST",
      headers: { ...this.headers, ...more },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.timeout(this.patience),
    });
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}`);
    return await response.json().catch(() => ({}));
  }
}

if (process.argv[1]?.endsWith("authzen_client.mjs")) {
  const client = new PolicyClient(process.argv[2] ?? "http://127.0.0.1:8181");
  for (const path of ["/srv/a.txt", "/etc/passwd", "/srv/keep/2025.csv"]) {
    /** @type {Question} */
    const question = {
      subject: { type: "user", id: "kim@example.com" },
      action: { name: "delete", properties: { path } },
      resource: { type: "tool", id: "delete_file" },
      context: { agent: "tidy-bot" },
    };
    try {
      console.log(await client.guarded(question, async () => `deleted ${path}`));
    } catch (error) {
      console.log(`${path}: ${error instanceof Error ? error.message : error}`);
    }
  }
}
