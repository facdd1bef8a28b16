import openstack

c = openstack.connect(cloud='lab')
have = {f.name for f in c.compute.flavors()}
for name, v, r, d in (('nano', 1, 64, 1), ('small', 1, 512, 5), ('medium', 2, 2048, 10)):
    if name not in have:
        c.compute.create_flavor(name=name, id=name, vcpus=v, ram=r, disk=d)
