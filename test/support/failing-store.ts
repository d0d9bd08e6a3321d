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

/** Has the store write, and say that it could not: it was killed before its answer was out. */
export async function whileAnswersAreLost<T>(store: MemoryStore, work: () => Promise<T>): Promise<T> {
  const [set, destroy] = [store.set.bind(store), store.destroy.bind(store)]
  store.set = (id, session, done) => {
    set(id, session, () => {
      done?.(new Error('The connection broke'))
      // From now on it is away.
      store.set = (_id, _session, told) => told?.(new Error('The store is away'))
      store.destroy = (_id, told) => told?.(new Error('The store is away'))
    })
  }
  try {
    return await work()
  } finally {
    Object.assign(store, { set, destroy })
  }
}
