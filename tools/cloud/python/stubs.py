"""Tiny stand-ins for Glance and Neutron: only what Nova asks for when servers have no networks.

usage: stubs.py GLANCE_PORT NEUTRON_PORT
They check no token.  Neutron: every collection is empty (POST/PUT/DELETE are refused with 501).
"""

import json
import logging
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

IMAGE = {
    'id': '11111111-2222-4333-8444-555555555555',
    'name': 'tiny',
    'status': 'active',
    'visibility': 'public',
    'protected': False,
    'os_hidden': False,
    'tags': [],
    'owner': 'lab',
    'container_format': 'bare',
    'disk_format': 'raw',
    'size': 1048576,
    'virtual_size': 1048576,
    'min_disk': 0,
    'min_ram': 0,
    'checksum': 'd41d8cd98f00b204e9800998ecf8427e',
    'created_at': '1970-01-01T00:00:00Z',
    'updated_at': '1970-01-01T00:00:00Z',
    'file': '/v2/images/11111111-2222-4333-8444-555555555555/file',
    'self': '/v2/images/11111111-2222-4333-8444-555555555555',
    'schema': '/v2/schemas/image',
}
# What the schema does not list is a property of the image, not a part of its record.
IMAGES = {IMAGE['id']: {**IMAGE, 'os_distro': 'lab'}}
IMAGE_PROPS = {k: {'type': ['null', 'string', 'boolean', 'integer', 'array']} for k in IMAGE}
log = logging.getLogger('stub')


class Base(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True
    server_version = 'lab-stub'

    def log_message(self, fmt, *args):
        log.info('%s %s', self.server.kind, fmt % args)

    def send(self, code, body=None):
        data = b'' if body is None else json.dumps(body).encode()
        self.send_response(code)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(data)

    def drain(self):
        n = int(self.headers.get('Content-Length') or 0)
        if n:
            self.rfile.read(n)

    def refuse(self):
        self.drain()
        self.send(501, {'message': 'not implemented by this stub'})

    do_POST = do_PUT = do_PATCH = do_DELETE = refuse

    def do_GET(self):
        self.drain()
        u = urlsplit(self.path)
        self.get(u.path.rstrip('/'), parse_qs(u.query))

    do_HEAD = do_GET


class Glance(Base):
    def do_POST(self):
        # A shelved instance is to have an image; the fake hypervisor uploads nothing into it.
        self.drain()
        if urlsplit(self.path).path != '/v2/images':
            return self.refuse()
        made = {**IMAGE, 'id': str(uuid.uuid4()), 'name': 'shelved', 'status': 'queued'}
        IMAGES[made['id']] = made
        self.send(201, made)

    def get(self, path, q):
        me = f'http://127.0.0.1:{self.server.server_address[1]}'
        if path in ('', '/versions'):
            return self.send(
                200,
                {
                    'versions': [
                        {
                            'id': 'v2.9',
                            'status': 'CURRENT',
                            'links': [{'rel': 'self', 'href': me + '/v2/'}],
                        }
                    ]
                },
            )
        if path == '/v2/images':
            names = q.get('name')
            hit = not names or IMAGE['name'] in names
            return self.send(
                200,
                {
                    'images': [IMAGE] if hit else [],
                    'schema': '/v2/schemas/images',
                    'first': '/v2/images',
                },
            )
        name = path.rpartition('/')[2]
        if path == f'/v2/images/{name}' and name in IMAGES:
            return self.send(200, IMAGES[name])
        if path == '/v2/schemas/image':
            return self.send(
                200,
                {
                    'name': 'image',
                    'properties': IMAGE_PROPS,
                    'additionalProperties': {'type': 'string'},
                    'links': [],
                },
            )
        self.send(404, {'message': 'no such thing in the glance stub: ' + path})


class Neutron(Base):
    def get(self, path, q):
        me = f'http://127.0.0.1:{self.server.server_address[1]}'
        if path == '':
            return self.send(
                200,
                {
                    'versions': [
                        {
                            'id': 'v2.0',
                            'status': 'CURRENT',
                            'links': [{'rel': 'self', 'href': me + '/v2.0/'}],
                        }
                    ]
                },
            )
        parts = path.strip('/').split('/')
        if parts[0] == 'v2.0' and len(parts) == 1:
            return self.send(200, {'resources': []})
        if parts[0] == 'v2.0' and len(parts) == 2:
            return self.send(200, {parts[1].replace('-', '_'): []})
        self.send(404, {'NeutronError': {'type': 'NotFound', 'message': path, 'detail': ''}})


def main():
    logging.basicConfig(level=logging.INFO, format='%(asctime)s %(message)s')
    threads = []
    for kind, handler, port in (('glance', Glance, sys.argv[1]), ('neutron', Neutron, sys.argv[2])):
        srv = ThreadingHTTPServer(('127.0.0.1', int(port)), handler)
        srv.daemon_threads = True
        srv.kind = kind
        t = threading.Thread(target=srv.serve_forever, name=kind)
        t.start()
        threads.append(t)
    for t in threads:
        t.join()


if __name__ == '__main__':
    main()
