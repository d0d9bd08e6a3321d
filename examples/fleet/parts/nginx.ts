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

/** An nginx of the fleet's own. It hands requests to the web processes in turn: none of them knows anything that another needs. */
export async function nginx({ folder, port, webs, log }: NginxOptions): Promise<Part> {
  const data = join(folder, 'nginx')
  await mkdir(data, { recursive: true, mode: 0o711 })
  const file = join(data, 'nginx.conf')
  await writeFile(file, configuration(data, port, webs))
  return new Part({
    name: 'nginx',
    command: await findProgram('nginx'),
    args: ['-e', 'stderr', '-p', data, '-c', file],
    stopSignal: 'SIGQUIT', // lets requests under way finish
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
    keepalive_timeout 30s; # less than Node's, so that it is never nginx who finds a connection closed
  }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 64k;
    location / {
      proxy_pass http://web;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr; # not what the client says of itself
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_connect_timeout 1s;
      proxy_read_timeout 8s;
      # A request that may have changed something is not sent a second time: that takes "non_idempotent", and is not said here.
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
