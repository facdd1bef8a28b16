"""Print RabbitMQ's users and virtual hosts."""

import base64
import hashlib
import json
import os

SALT = b'lab!'
digest = hashlib.sha256(SALT + os.environ['PASSWORD'].encode()).digest()
hosts = ['super', 'cell1']
print(
    json.dumps(
        {
            'users': [
                {
                    'name': 'lab',
                    'password_hash': base64.b64encode(SALT + digest).decode(),
                    'hashing_algorithm': 'rabbit_password_hashing_sha256',
                    'tags': 'administrator',
                }
            ],
            'vhosts': [{'name': host} for host in hosts],
            'permissions': [
                {'user': 'lab', 'vhost': host, 'configure': '.*', 'write': '.*', 'read': '.*'}
                for host in hosts
            ],
        }
    )
)
