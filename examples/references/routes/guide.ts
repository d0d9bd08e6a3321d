import { Router } from 'express'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { ensureVisitor, selfServiceRouter } from 'passport-ephemeral'
import type { Context } from '../app.js'

const HOUR = 60 * 60 // seconds

/**
 * A page for whoever has a mailbox. Nobody is invited: those who come are asked for their names and an e-mail address,
 * and the link that lets them in goes there.
 */
export function guideRoutes({ models: { Visitor }, mailer, publicUrl }: Context): Router {
  const router = Router()

  router.use(
    '/visitor',
    selfServiceRouter({
      Visitor,
      baseUrl: publicUrl,
      // In this process's memory, which suits a demo; rate-limiter-flexible has limiters that several processes share.
      limiter: {
        ip: new RateLimiterMemory({ points: 30, duration: HOUR }), // an office can be behind one address
        email: new RateLimiterMemory({ points: 3, duration: HOUR }),
      },
      send: ({ visitor, link }) =>
        // Not a word of what was typed goes along, names included: the mailbox can be anybody's.
        mailer.send({
          to: { name: '', address: visitor.email },
          subject: 'Your link to the guide',
          body:
            'Somebody, you we hope, typed this address to read our guide to references. ' +
            'If it was not you, there is nothing to do: without this link nobody gets in.',
          link,
          expiresAt: visitor.expiresAt,
        }),
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
      'Ask somebody who has seen you at work, and say what it is for. A month is a decent notice; a day is none. ' +
      'Give them a way to say no without having to say why.',
  },
  {
    slug: 'writing',
    title: 'Writing one',
    words:
      'Say how you know them, then tell one thing that they did. “She is reliable” could be anybody; ' +
      '“she danced on with a broken heel” is she. Leave out what you would not say to their face.',
  },
  {
    slug: 'reading',
    title: 'Reading one',
    words:
      'Look for what was seen rather than for what was felt, and mind who is writing. Praise is cheap; ' +
      'an example has a price. What is missing may be missing for want of space.',
  },
] as const
