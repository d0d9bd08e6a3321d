import type { MemoryStore } from 'express-session'

/** Makes the store refuse `times` writes while `work` runs. */
export async function whileStoreFails<T>(
  store: MemoryStore,
  work: () => Promise<T>,
  { times = Infinity }: { times?: number } = {},
): Promise<T> {
  const set = store.set.bind(store)
  let failures = 0
  store.set = (id, session, done) => {
    if (failures++ < times) done?.(new Error('The store is unavailable'))
    else set(id, session, done)
  }
  try {
    return await work()
  } finally {
    store.set = set
  }
}

/** Makes the store write and then report a failure, as if it was killed before it replied. */
export async function whileAnswersAreLost<T>(store: MemoryStore, work: () => Promise<T>): Promise<T> {
  const [set, destroy] = [store.set.bind(store), store.destroy.bind(store)]
  store.set = (id, session, done) => {
    set(id, session, () => {
      done?.(new Error('The connection broke'))
      // From now on the store is unavailable.
      store.set = (_id, _session, told) => told?.(new Error('The store is unavailable'))
      store.destroy = (_id, told) => told?.(new Error('The store is unavailable'))
    })
  }
  try {
    return await work()
  } finally {
    Object.assign(store, { set, destroy })
  }
}
