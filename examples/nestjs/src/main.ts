import { createNestApp } from './create-nest-app'

async function start(): Promise<void> {
  const app = await createNestApp()
  await app.listen(process.env['PORT'] ?? 3000, 'localhost')
  console.log(`Listens on ${await app.getUrl()}`)
}

void start()
