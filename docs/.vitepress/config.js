import process from 'node:process'
import { defineConfig } from 'vitepress'
import { linksOfSite } from './links.ts'
import { slugOf } from './slug.ts'

/** The pages, in the order in which a user meets their questions. */
const sidebar = [
  { text: 'Begin', items: [page('What it is', 'index'), page('Get started', 'get-started')] },
  {
    text: 'Build',
    items: [
      page('Visitors', 'visitors'),
      page('Guests', 'guests'),
      page('Conversion', 'conversion'),
      page('Merge', 'merge'),
      page('Pages and languages', 'pages'),
      page('Recipes', 'recipes'),
      page('Frameworks and tools', 'frameworks'),
      page('Testing your application', 'testing'),
      page('From Django', 'from-django'),
    ],
  },
  {
    text: 'Run',
    items: [
      page('Clean-up', 'clean-up'),
      page('Operations', 'operations'),
      page('The operator’s pages', 'admin'),
      page('Scaling', 'scaling'),
      page('How fast it is', 'performance'),
    ],
  },
  {
    text: 'Judge',
    items: [
      page('Sessions and proxies', 'sessions'),
      page('Security', 'security'),
      page('Threat model', 'threat-model'),
      page('ASVS 5.0', 'asvs'),
      page('Privacy', 'privacy'),
    ],
  },
  {
    text: 'Look up',
    items: [
      page('Options', 'options'),
      page('Errors', 'errors'),
      page('Findings and warnings', 'doctor'),
      page('Events', 'events'),
      page('API', 'api/index'),
    ],
  },
]

function page(text, name) {
  return { text, link: `/${name}` }
}

export default defineConfig({
  title: 'passport-ephemeral',
  description:
    'Passport.js strategies for visitors by link and temporary guest users, with Express and Sequelize.',
  lang: 'en',
  base: process.env['DOCS_BASE'] ?? '/',
  srcExclude: ['design.md', 'decisions/**'],
  markdown: { anchor: { slugify: slugOf }, toc: { slugify: slugOf }, config: linksOfSite },
  themeConfig: {
    search: { provider: 'local' },
    sidebar,
    outline: [2, 3],
    docFooter: { prev: 'Before', next: 'Next' },
  },
})
