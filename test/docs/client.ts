import type { Application } from 'express'
import supertest from 'supertest'

const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** A browser of the README's application, with its own cookie jar. */
export function browser(app: Application): ReturnType<typeof supertest.agent> {
  return supertest.agent(app).set('User-Agent', USER_AGENT).set('Accept', 'text/html')
}
