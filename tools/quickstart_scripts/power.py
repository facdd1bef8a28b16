"""The power hook of the BMCs of a simulated cloud: power.py ADDRESS on|off|get HOST."""

import http.client
import json
import sys

#: A machine that is told to switch still has the power that it had.
SAID = {'powering-off': 'on', 'powering-on': 'off'}
VERBS = {'on': 'power-on', 'off': 'power-off', 'get': 'power-state'}


def main() -> int:
    address, verb, host = sys.argv[1:]
    question = json.dumps({'host': host, 'verb': VERBS[verb]})
    connection = http.client.HTTPConnection(address, timeout=10.0)
    connection.request('POST', '/_world/bmc', question, {'Content-Type': 'application/json'})
    answer = connection.getresponse()
    said = json.load(answer)
    if answer.status != 200:
        sys.stderr.write(f'{said}\n')
        return 1
    print(SAID.get(said['answer'], said['answer']))
    return 0


if __name__ == '__main__':
    sys.exit(main())
