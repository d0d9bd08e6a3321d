import { markOf } from '../../http/mark.js'
import { listed, type Finding } from '../finding.js'
import type { Passport } from './identify.js'
import type { Step } from './outline.js'

/** What is registered with Passport: strategies, and who restores a session's user. */
export function checkPassport(
  passports: readonly Passport[],
  steps: readonly Step[],
  asksForGuests: boolean,
): Finding[] {
  const used = passports.filter((passport) => has(passport._strategies, 'GuestStrategy'))
  const restoring = used.length > 0 ? used : passports
  return [
    ...checkNames(steps),
    ...checkLimiter(passports),
    ...(asksForGuests ? restoring.flatMap((passport) => checkDeserializers(passport, steps)) : []),
  ]
}

function checkNames(steps: readonly Step[]): Finding[] {
  const unknown = steps.flatMap(({ known, where }) =>
    known.kind === 'authenticate'
      ? known.by.names
          .filter((_name, place) => known.by.strategies[place] === undefined)
          .map((name) => `'${name}' (${where})`)
      : [],
  )
  if (unknown.length === 0) return []
  return [
    {
      code: 'strategy-unknown',
      severity: 'error',
      message: `Passport has no strategy ${listed(unknown)}: every request there fails.`,
      remedy: "passport.use('name', new …Strategy(…)) on the same Passport, before requests come.",
    },
  ]
}

function checkLimiter(passports: readonly Passport[]): Finding[] {
  const unlimited = passports.some(({ _strategies = {} }) =>
    Object.values(_strategies).some((strategy) => {
      const mark = markOf(strategy)
      return mark?.name === 'GuestStrategy' && mark.hasLimiter === false
    }),
  )
  if (!unlimited) return []
  return [
    {
      code: 'guest-strategy-unlimited',
      severity: 'warning',
      message: 'GuestStrategy has no limiter: whoever asks a million times makes a million users rows.',
      remedy: 'new GuestStrategy({ Guest, limiter }), with one of rate-limiter-flexible.',
    },
  ]
}

function checkDeserializers(
  { _serializers: serializers = [], _deserializers: deserializers = [] }: Passport,
  steps: readonly Step[],
): Finding[] {
  if (steps.some(({ mark }) => mark?.name === 'loadGuest')) return []
  const place = deserializers.findIndex((each) => markOf(each)?.name === 'Guest.deserializeUser')
  const foreign = deserializers.slice(0, place === -1 ? undefined : place).length
  if (place === -1) {
    return [
      {
        code: 'guest-deserializer-missing',
        // One of the application's may call ours.
        severity: foreign === 0 ? 'error' : 'warning',
        message: `Guest.deserializeUser is not registered with Passport, and there is no loadGuest: ${foreign === 0 ? 'nobody stays logged in' : 'unless a deserializer of yours calls it, nobody knows who is a guest'}.`,
        remedy:
          'passport.deserializeUser(Guest.deserializeUser), or app.use(loadGuest({ Guest })) after passport.session().',
      },
    ]
  }
  const serializes = serializers.some((each) => markOf(each)?.name === 'Guest.serializeUser')
  return [
    ...(foreign > 0
      ? [
          {
            code: 'deserializer-before-guest',
            severity: 'warning',
            message:
              'Another deserializer is registered before Guest.deserializeUser: Passport uses the first that fits.',
            remedy:
              "Register Guest's first, or let the other call done('pass') for users that are not its own.",
          } as const,
        ]
      : []),
    ...(serializes
      ? []
      : [
          {
            code: 'guest-serializer-missing',
            severity: 'warning',
            message:
              'Guest.serializeUser is not registered with Passport: sessions do not say that a guest opened them, and outlive the conversion.',
            remedy: 'passport.serializeUser(Guest.serializeUser)',
          } as const,
        ]),
  ]
}

function has(strategies: Passport['_strategies'], name: string): boolean {
  return Object.values(strategies ?? {}).some((strategy) => markOf(strategy)?.name === name)
}
