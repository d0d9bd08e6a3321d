import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import session, { type SessionData, type SessionOptions } from 'express-session'
import passport from 'passport'
import { Sequelize } from 'sequelize'
import { defineVisitorModels, VisitorTokenStrategy } from '../../src/index.js'

/**
 * A process that shares nothing with the test but the session store, which it reaches by HTTP. It serves one application
 * for each `Order` that it is sent, and answers with its address.
 */
export interface Order {
  readonly session: Partial<SessionOptions>
  /** Where the test serves its session store. */
  readonly storeUrl: string
}

class RemoteStore extends session.Store {
  constructor(private readonly url: string) {
    super()
  }

  private ask<T>(call: readonly unknown[], done?: (error?: unknown, value?: T) => void): void {
    fetch(this.url, { method: 'POST', body: JSON.stringify(call) })
      .then((response) => response.json() as Promise<T>)
      .then(
        (value) => done?.(null, value),
        (error: unknown) => done?.(error),
      )
  }

  override get(id: string, done: (error: unknown, record?: SessionData | null) => void): void {
    this.ask<SessionData | null>(['get', id], done)
  }

  override set(id: string, record: SessionData, done?: (error?: unknown) => void): void {
    this.ask(['set', id, record], done)
  }

  override destroy(id: string, done?: (error?: unknown) => void): void {
    this.ask(['destroy', id], done)
  }
}

// No test makes this process use its database.
const unused = new Sequelize('postgres://127.0.0.1:1/none', { logging: false })
const { Visitor } = defineVisitorModels(unused, { secret: 'a secret of more than thirty-two characters' })
passport.use(new VisitorTokenStrategy({ Visitor }))

function serve({ session: options, storeUrl }: Order): void {
  const app = express()
  const common = { secret: 'session secret', resave: false, saveUninitialized: false }
  app.use(session({ store: new RemoteStore(storeUrl), ...common, ...options }))
  app.use(passport.authenticate('visitor-token'))
  app.get('/read', (_req, res) => {
    res.json({})
  })
  app.get('/write', (req, res) => {
    Object.assign(req.session, { cart: Math.random() })
    res.json({})
  })
  app.get('/save', (req, res, next) => {
    Object.assign(req.session, { cart: Math.random() })
    req.session.save((error) => {
      if (error) next(error)
      else res.json({})
    })
  })
  app.get('/stream', (req, res) => {
    res.write('{')
    Object.assign(req.session, { cart: Math.random() })
    res.end('}')
  })
  const server = createServer(app).listen(0, '127.0.0.1', () => {
    process.send?.(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`)
  })
}

process.on('message', serve)
process.on('disconnect', () => {
  process.exit()
})
