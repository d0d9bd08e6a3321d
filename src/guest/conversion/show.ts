import type { Request, Response } from 'express'
import type { Model } from 'sequelize'
import { showPage } from '../../pages/page.js'
import { rendererOf } from '../../pages/renderers.js'
import { bodyOf, type ConvertPage } from './pages.js'
import type { ConversionSettings } from './settings.js'

/** Answers with one of the pages. After a form it may go on to anywhere: `next` can be a page that redirects. */
export async function showConvertPage<U extends Model>(
  { render }: ConversionSettings<U>,
  page: ConvertPage,
  [req, res]: readonly [Request, Response],
): Promise<void> {
  await showPage(req, res, page, { render: rendererOf(render, page), body: bodyOf, formLeadsAnywhere: true })
}
