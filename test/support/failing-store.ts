import type { MemoryStore } from 'express-session'

/** Has the store refuse to write so many times while `work` runs. */
export async function whileStoreFails<T>(
  store: MemoryStore,
  work: () => Promise<T>,
  { times = Infinity }: { times?: number } = {},
): Promise<T> {
  const set = store.set.bind(store)
  let failures = 0
  store.set = (id, session, done) => {
    if (failures++ < times) done?.(new Error('The store is away'))
    else set(id, session, done)
  }
  try {
    return await work()
  } finally {
    store.set = set
  }
}
