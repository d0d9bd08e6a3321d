// Run by `npm version`: what stands under Unreleased in CHANGELOG.md becomes the section of the new version.
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
const changelog = readFileSync('CHANGELOG.md', 'utf8')
const heading = '## [Unreleased]\n'
const [before, after] = changelog.split(heading)
if (after === undefined) throw new Error('CHANGELOG.md has no section "Unreleased"')
const [changes] = after.split(/^## /m)
if (changes.trim() === '')
  throw new Error('CHANGELOG.md has nothing under "Unreleased": write what users get first')

const today = new Date().toISOString().slice(0, 10)
writeFileSync('CHANGELOG.md', `${before}${heading}\n## [${version}] - ${today}\n${after}`)
process.stdout.write(`CHANGELOG.md: ${version}, ${today}\n`)
