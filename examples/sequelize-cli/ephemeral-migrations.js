'use strict'

// Writes a file for each migration of passport-ephemeral that has none in `migrations`: at first for all, after an upgrade
// for those that are new. Commit the files.

const fs = require('fs')
const path = require('path')
const { migrationsFor } = require('passport-ephemeral/migrations')
const { Guest, Visitor } = require('./models')

const CONTENT = `'use strict'

const { migrationsFor } = require('passport-ephemeral/migrations')
const { Guest, Visitor } = require('../models')

module.exports = migrationsFor({ Guest, Visitor }).find(({ name }) => __filename.endsWith(\`-\${name}.js\`))
`

const folder = path.join(__dirname, 'migrations')
const files = fs.readdirSync(folder)
const now = Number(new Date().toISOString().replace(/\D/g, '').slice(0, 14))

migrationsFor({ Guest, Visitor })
  .filter(({ name }) => !files.some((file) => file.endsWith(`-${name}.js`)))
  .forEach(({ name }, index) => {
    const file = `${now + index}-${name}.js`
    fs.writeFileSync(path.join(folder, file), CONTENT)
    console.log(`Wrote migrations/${file}`)
  })
