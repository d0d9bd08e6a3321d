import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { findProgram } from './find-program.js'
import { Part } from './part.js'

export interface NginxOptions {
  readonly folder: string
  readonly port: number
  /** Ports of the web processes. */
  readonly webs: readonly number[]
  readonly log: (line: string) => void
}

/** The fleet's own nginx. It passes requests to the web processes in turn, because they share no state in memory. */
export async function nginx({ folder, port, webs, log }: NginxOptions): Promise<Part> {
  const data = join(folder, 'nginx')
  await mkdir(data, { recursive: true, mode: 0o711 })
  const file = join(data, 'nginx.conf')
  await writeFile(file, configuration(data, port, webs))
  return new Part({
    name: 'nginx',
    command: await findProgram('nginx'),
    args: ['-e', 'stderr', '-p', data, '-c', file],
    stopSignal: 'SIGQUIT', // lets running requests finish
    answers: () => listens(port),
    log,
  })
}

function configuration(data: string, port: number, webs: readonly number[]): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off;
worker_processes 1;
pid ${data}/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  ${temporary.map((what) => `${what}_temp_path ${data}/${what};`).join('\n  ')}
  access_log off;
  upstream web {
    ${webs.map((web) => `server 127.0.0.1:${web} max_fails=1 fail_timeout=1s;`).join('\n    ')}
    keepalive 32;
    keepalive_timeout 30s; # less than Node's, so that nginx closes idle connections first
  }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 64k;
    location / {
      proxy_pass http://web;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr; # replaces the client's own header
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_connect_timeout 1s;
      proxy_read_timeout 8s;
      # Without "non_idempotent", nginx does not repeat a request that may have changed data.
      proxy_next_upstream error timeout;
      proxy_next_upstream_tries 3;
    }
  }
}
`
}

async function listens(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve()
    })
    socket.once('error', reject)
  })
}
