import type { Client } from 'pg'

/**
 * Creates triggers that record created and deleted users and guests, and moved to-dos, in the same transaction. The
 * responses of the application are compared with this table. It does not contain earlier rows.
 */
export async function auditFrom(database: Client): Promise<void> {
  await database.query(`
    CREATE TABLE audit (id bigserial, txid bigint DEFAULT txid_current(), what text, "userId" int, "from" int, "todoId" int);
    CREATE FUNCTION note_user() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO audit (what, "userId") VALUES ('user ' || TG_OP, COALESCE(NEW.id, OLD.id)); RETURN NULL; END $$;
    CREATE FUNCTION note_guest() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO audit (what, "userId") VALUES ('guest ' || TG_OP, COALESCE(NEW."userId", OLD."userId")); RETURN NULL; END $$;
    CREATE FUNCTION note_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO audit (what, "userId", "from", "todoId") VALUES ('moved', NEW."userId", OLD."userId", NEW.id); RETURN NULL; END $$;
    CREATE TRIGGER note_user AFTER INSERT OR DELETE ON "Users" FOR EACH ROW EXECUTE FUNCTION note_user();
    CREATE TRIGGER note_guest AFTER INSERT OR DELETE ON "Guests" FOR EACH ROW EXECUTE FUNCTION note_guest();
    CREATE TRIGGER note_move AFTER UPDATE OF "userId" ON "Todos" FOR EACH ROW EXECUTE FUNCTION note_move();
  `)
}

/** Creates expired guests, so that the clean-up has work. */
export async function leaveOldGuests(database: Client, count: number): Promise<void> {
  await database.query(
    `WITH old AS (
       INSERT INTO "Users" (username, "createdAt", "updatedAt")
       SELECT 'old-' || n, now() - interval '1 year', now() FROM generate_series(1, ${count}) n RETURNING id
     ), marked AS (
       INSERT INTO "Guests" ("userId", "createdAt", "lastSeenAt")
       SELECT id, now() - interval '1 year', now() - interval '1 year' FROM old
     )
     INSERT INTO "Todos" ("userId", title, done, "createdAt", "updatedAt")
     SELECT id, 'old ' || n, false, now(), now() FROM old, generate_series(1, 2) n`,
  )
}

/** The counts of the audit table. */
export interface Audit {
  readonly created: number
  readonly converted: number
  readonly merged: number
  /** Including the old ones. */
  readonly expired: number
  /** Remaining guests. */
  readonly left: number
  readonly moved: number
  /** Violated expectations; each is a sentence. */
  readonly violations: readonly string[]
}

/**
 * A deleted guest was converted if the users row remains, and merged if the same transaction moved to-dos; otherwise it
 * expired.
 */
export async function readAudit(database: Client, oldGuests: number): Promise<Audit> {
  const count = async (sql: string): Promise<number> =>
    Number((await database.query<{ count: string }>(`SELECT count(*) FROM ${sql}`)).rows[0]?.count)
  const outcome = async (how: string): Promise<number> => {
    const { rows } = await database.query<{ sum: string | null }>(
      `SELECT sum(guests) FROM "GuestOutcomes" WHERE outcome = '${how}'`,
    )
    return Number(rows[0]?.sum ?? 0)
  }
  const created = await count(`audit WHERE what = 'guest INSERT'`)
  const left = await count(`"Guests"`)
  const ended = `audit g WHERE g.what = 'guest DELETE'`
  const deleted = `EXISTS (SELECT FROM audit u WHERE u.what = 'user DELETE' AND u."userId" = g."userId" AND u.txid = g.txid)`
  const moving = `EXISTS (SELECT FROM audit m WHERE m.what = 'moved' AND m."from" = g."userId" AND m.txid = g.txid)`
  const converted = await count(`${ended} AND NOT ${deleted}`)
  const merged = await count(`${ended} AND ${deleted} AND ${moving}`)
  const expired = await count(`${ended} AND ${deleted} AND NOT ${moving}`)
  const twice = async (what: string, key: string): Promise<string[]> => {
    const { rows } = await database.query<{ key: number }>(
      `SELECT "${key}" AS key FROM audit WHERE what = '${what}' GROUP BY "${key}" HAVING count(*) > 1`,
    )
    return rows.map((row) => `${what} happened more than once for ${row.key}`)
  }
  const violations = [
    ...(await twice('moved', 'todoId')),
    ...(await twice('guest DELETE', 'userId')),
    ...(await twice('user DELETE', 'userId')),
    ...equal(
      'guests that were created and those that ended or are left',
      created + oldGuests,
      converted + merged + expired + left,
    ),
    ...equal('conversions and their outcomes', converted, await outcome('converted')),
    ...equal('merges and their outcomes', merged, await outcome('merged')),
    ...equal('guests that expired and their outcomes', expired, await outcome('expired')),
    ...equal(
      'converted users and those who are still there',
      converted,
      await count(`"Users" u WHERE NOT EXISTS (SELECT FROM "Guests" g WHERE g."userId" = u.id)`),
    ),
  ]
  const moved = await count(`audit WHERE what = 'moved'`)
  return { created, converted, merged, expired, left, moved, violations }
}

function equal(what: string, one: number, other: number): string[] {
  return one === other ? [] : [`${what} differ in number: ${one} and ${other}`]
}
