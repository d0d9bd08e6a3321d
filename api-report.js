// Writes the report of the public types of each entry point into test/types/public; with --check, fails if a report has changed.
import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import process from 'node:process'
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor'

process.chdir(import.meta.dirname)
const isCheck = process.argv.includes('--check')
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))

for (const { import: entry } of Object.values(exports)) {
  if (entry === undefined) continue
  const folder = basename(dirname(entry.types))
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: process.cwd(),
      newlineKind: 'lf',
      mainEntryPointFilePath: resolve(entry.types),
      compiler: { tsconfigFilePath: resolve('tsconfig.json') },
      apiReport: {
        enabled: true,
        reportFileName: folder === 'dist' ? 'index' : folder,
        reportFolder: resolve('test/types/public'),
        reportTempFolder: resolve('dist/types-report'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        // Release tags are not used here; every export is public.
        extractorMessageReporting: {
          default: { logLevel: 'none' },
          'ae-forgotten-export': { logLevel: 'warning', addToApiReportFile: true },
        },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
        compilerMessageReporting: { default: { logLevel: 'error' } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: resolve('package.json'),
  })
  const { apiReportChanged } = Extractor.invoke(config, { localBuild: !isCheck, messageCallback: silence })
  if (isCheck && apiReportChanged) {
    process.exitCode = 1
    process.stderr.write(
      `test/types/public/${config.reportFilePath.split('/').pop()} has changed: review and commit it\n`,
    )
  }
}

function silence(message) {
  if (message.logLevel !== 'error') message.handled = true
}
