import { Router } from 'express'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { ensureVisitor, selfServiceRouter } from 'passport-ephemeral'
import type { Context } from '../app.js'

const HOUR = 60 * 60 // seconds

/**
 * A page for any person with a mailbox, by self-service: a form asks for a name and an e-mail address, and the link is
 * sent there.
 */
export function guideRoutes({ models: { Visitor }, mailer }: Context): Router {
  const router = Router()

  router.use(
    '/visitor',
    selfServiceRouter({
      Visitor,
      code: true, // for people who read their mail on another device
      // In the process's memory, which is enough for a demo; rate-limiter-flexible has limiters that several processes
      // share.
      limiter: {
        ip: new RateLimiterMemory({ points: 30, duration: HOUR }), // several people can share one address
        email: new RateLimiterMemory({ points: 3, duration: HOUR }),
      },
      // The package's message contains nothing that was typed: the mailbox may be another person's.
      send: ({ email, message }) => mailer.send({ to: { name: '', address: email }, ...message }),
    }),
  )

  router.get('/guide', ensureVisitor('GUIDE', { selfService: true, sessionExpiry: HOUR }), (req, res) => {
    const wanted = CHAPTERS.findIndex(({ slug }) => slug === req.query['chapter'])
    const number = Math.max(0, wanted)
    res.render('guide', { chapters: CHAPTERS, chapter: CHAPTERS[number], following: CHAPTERS[number + 1] })
  })

  return router
}

const CHAPTERS = [
  {
    slug: 'asking',
    title: 'Asking for one',
    words:
      'Ask a person who has worked with you, and explain what the reference is for. Ask a month before, not a day. ' +
      'Make it easy to decline without giving a reason.',
  },
  {
    slug: 'writing',
    title: 'Writing one',
    words:
      'State how you know the person, then describe one thing that they did. “She is reliable” fits many people; ' +
      '“she danced on with a broken heel” fits one. Write nothing that you would not say in person.',
  },
  {
    slug: 'reading',
    title: 'Reading one',
    words:
      'Look for observations rather than opinions, and consider who the author is. An example is worth more than praise. ' +
      'If something is missing, there may have been too little space.',
  },
] as const
