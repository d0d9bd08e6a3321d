/** Whether two types are the same one. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** `is<T>()(value)` compiles if `value` has exactly the type T. */
export const is =
  <T>() =>
  <U>(value: U, ..._same: Same<T, U> extends true ? [] : [never]): U =>
    value
