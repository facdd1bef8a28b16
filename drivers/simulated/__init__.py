"""A simulated cloud with its BMCs: the truth, its faces, its faults and its judge.

``clock.VirtualClock``    actors on virtual time, repeatable; kill, freeze, thaw
``world.World``           the truth; ``small_world`` builds one; its methods say what befalls hosts
``app.App``               Keystone, Nova, Placement, Redfish and ``/_world`` as one WSGI application
``transport.mount``       puts it inside a requests session: real openstacksdk and sushy, any clock
``server.Server``         serves it on loopback; the command is ``recovery-simulated``
``bmc.SimulatedFencing``  a fencing driver that speaks to the BMCs without HTTP
``faults.Faults``         ``world.faults``: what goes wrong with which request; kill points
``oracle.Oracle``         which rules were broken, by the truth
"""
