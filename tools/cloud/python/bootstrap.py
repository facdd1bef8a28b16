"""Service user, endpoints, demo project; safe to run again.

usage: bootstrap.py P_PLACEMENT P_NOVA P_GLANCE P_NEUTRON
"""

import os
import sys

import openstack

password = os.environ['PASSWORD']
p_placement, p_nova, p_glance, p_neutron = sys.argv[1:]
c = openstack.connect(cloud='lab')
i = c.identity
roles = {r.name: r for r in i.roles()}


def project(name):
    found = i.find_project(name, domain_id='default')
    return found or i.create_project(name=name, domain_id='default')


def user(name, proj, *grant):
    u = i.find_user(name, domain_id='default') or i.create_user(
        name=name, password=password, domain_id='default', default_project_id=proj.id
    )
    for r in grant:
        if r in roles:
            i.assign_project_role_to_user(proj, u, roles[r])
    return u


user('nova', project('service'), 'admin', 'service')
user('demo', project('demo'), 'member', 'reader')
have = {s.type: s for s in i.services()}
for typ, name, url in (
    ('placement', 'placement', f'http://127.0.0.1:{p_placement}'),
    ('compute', 'nova', f'http://127.0.0.1:{p_nova}/v2.1'),
    ('image', 'glance', f'http://127.0.0.1:{p_glance}'),
    ('network', 'neutron', f'http://127.0.0.1:{p_neutron}'),
):
    svc = have.get(typ) or i.create_service(type=typ, name=name)
    ends = {(e.interface, e.url) for e in i.endpoints(service_id=svc.id)}
    for iface in ('public', 'internal', 'admin'):
        if (iface, url) not in ends:
            i.create_endpoint(service_id=svc.id, interface=iface, region_id='RegionOne', url=url)
