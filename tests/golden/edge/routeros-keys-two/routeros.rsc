# Written by Essaim: rows of ours that are changed by hand are put back.
/ip address add address=192.0.2.1/28 interface=core0 comment="essaim: core"
/ipv6 address add address=2001:db8::1/64 interface=core0 advertise=no comment="essaim: core"
/ip address add address=192.0.2.25/32 interface=lo comment="essaim"
/ipv6 address add address=2001:db8:0:f::1/128 interface=lo advertise=no comment="essaim"
/ip address add address=192.0.2.20/31 interface=pair0 comment="essaim"
/ipv6 address add address=2001:db8:0:3::/127 interface=pair0 advertise=no comment="essaim"
/ip address add address=192.0.2.129/31 interface=transit0 comment="essaim: transit AS64500"
/ipv6 address add address=3fff:0:0:ffff::1/127 interface=transit0 advertise=no comment="essaim: transit AS64500"
/ip address add address=192.0.2.22/31 interface=wlan0 comment="essaim"
/ip route add dst-address=198.51.100.0/24 gateway=192.0.2.4 distance=1 comment=essaim
/ip route add dst-address=203.0.113.0/24 gateway=192.0.2.2 distance=1 comment=essaim
/ipv6 route add dst-address=2001:db8:100::/40 gateway=2001:db8::4 distance=1 comment=essaim
/ipv6 route add dst-address=2001:db8:200::/40 gateway=2001:db8::2 distance=1 comment=essaim
/ip route add dst-address=192.0.2.0/25 blackhole distance=254 comment=essaim
/ip route add dst-address=198.51.100.0/24 blackhole distance=254 comment=essaim
/ip route add dst-address=203.0.113.0/24 blackhole distance=254 comment=essaim
/ipv6 route add dst-address=2001:db8::/32 blackhole distance=254 comment=essaim
/routing filter rule add chain=essaim-told-4 rule="if (dst == 198.51.100.0/24) { accept; }"
/routing filter rule add chain=essaim-told-4 rule="if (dst == 203.0.113.0/24) { accept; }"
/routing filter rule add chain=essaim-told-4 rule="reject;"
/routing ospf instance add name=essaim-4 version=2 router-id=192.0.2.1 redistribute=static out-filter-chain=essaim-told-4 originate-default=if-installed comment=essaim
/routing ospf area add name=essaim-4 instance=essaim-4 area-id=0.0.0.0 comment=essaim
/routing ospf interface-template add area=essaim-4 interfaces=core0 cost=10 hello-interval=1s dead-interval=4s type=broadcast auth=md5 auth-id=1 auth-key="aaaaaaaaaaaaaaaa" comment=essaim
/routing ospf interface-template add area=essaim-4 interfaces=lo passive comment=essaim
/routing ospf interface-template add area=essaim-4 interfaces=pair0 cost=10 hello-interval=1s dead-interval=4s type=ptp auth=md5 auth-id=1 auth-key="aaaaaaaaaaaaaaaa" comment=essaim
/routing ospf interface-template add area=essaim-4 interfaces=wlan0 cost=100 hello-interval=1s dead-interval=4s type=ptp auth=md5 auth-id=1 auth-key="aaaaaaaaaaaaaaaa" comment=essaim
/routing filter rule add chain=essaim-told-6 rule="if (dst == 2001:db8:100::/40) { accept; }"
/routing filter rule add chain=essaim-told-6 rule="if (dst == 2001:db8:200::/40) { accept; }"
/routing filter rule add chain=essaim-told-6 rule="reject;"
/routing ospf instance add name=essaim-6 version=3 router-id=192.0.2.1 redistribute=static out-filter-chain=essaim-told-6 originate-default=if-installed comment=essaim
/routing ospf area add name=essaim-6 instance=essaim-6 area-id=0.0.0.0 comment=essaim
/routing ospf interface-template add area=essaim-6 interfaces=core0 cost=10 hello-interval=1s dead-interval=4s type=broadcast auth=sha256 auth-id=1 auth-key="cccccccccccccccccccccccccccccccc" comment=essaim
/routing ospf interface-template add area=essaim-6 interfaces=lo passive comment=essaim
/routing ospf interface-template add area=essaim-6 interfaces=pair0 cost=10 hello-interval=1s dead-interval=4s type=ptp auth=sha256 auth-id=1 auth-key="cccccccccccccccccccccccccccccccc" comment=essaim
/routing filter num-list add list=essaim-bogon-as range=0 comment=essaim
/routing filter num-list add list=essaim-bogon-as range=23456 comment=essaim
/routing filter num-list add list=essaim-bogon-as range=64512-65535 comment=essaim
/routing filter num-list add list=essaim-bogon-as range=4200000000-4294967295 comment=essaim
/routing filter rule add chain=essaim-in-4 rule="if (bgp-as-path [[:essaim-bogon-as:]]) { reject; }"
/routing filter rule add chain=essaim-in-4 rule="if (bgp-communities includes 65535:666) { reject; }"
/routing filter rule add chain=essaim-in-4 rule="if (dst in 192.0.2.0/25) { reject; }"
/routing filter rule add chain=essaim-in-4 rule="if (dst in 198.51.100.0/24) { reject; }"
/routing filter rule add chain=essaim-in-4 rule="if (dst in 203.0.113.0/24) { reject; }"
/routing filter rule add chain=essaim-in-4 rule="if (dst in 0.0.0.0/8) { reject; }"
/routing filter rule add chain=essaim-in-4 rule="if (dst in 10.0.0.0/8) { reject; }"
/routing filter rule add chain=essaim-in-4 rule="if (dst in 100.64.0.0/10) { reject; }"
/routing filter rule add chain=essaim-in-4 rule="if (dst in 127.0.0.0/8) { reject; }"
/routing filter rule add chain=essaim-in-4 rule="if (dst in 169.254.0.0/16) { reject; }"
/routing filter rule add chain=essaim-in-4 rule="if (dst in 172.16.0.0/12) { reject; }"
/routing filter rule add chain=essaim-in-4 rule="if (dst in 192.168.0.0/16) { reject; }"
/routing filter rule add chain=essaim-in-4 rule="if (dst in 198.18.0.0/15) { reject; }"
/routing filter rule add chain=essaim-in-4 rule="if (dst in 224.0.0.0/4) { reject; }"
/routing filter rule add chain=essaim-in-4 rule="if (dst in 240.0.0.0/4) { reject; }"
/routing filter rule add chain=essaim-in-4 rule="if (dst-len > 24) { reject; }"
/routing filter rule add chain=essaim-in-4 rule="if (bgp-communities includes 65535:0) { set bgp-local-pref 0; }"
/routing filter rule add chain=essaim-in-4 rule="accept;"
/routing filter rule add chain=essaim-out-4 rule="if (dst in 0.0.0.0/8) { reject; }"
/routing filter rule add chain=essaim-out-4 rule="if (dst in 10.0.0.0/8) { reject; }"
/routing filter rule add chain=essaim-out-4 rule="if (dst in 100.64.0.0/10) { reject; }"
/routing filter rule add chain=essaim-out-4 rule="if (dst in 127.0.0.0/8) { reject; }"
/routing filter rule add chain=essaim-out-4 rule="if (dst in 169.254.0.0/16) { reject; }"
/routing filter rule add chain=essaim-out-4 rule="if (dst in 172.16.0.0/12) { reject; }"
/routing filter rule add chain=essaim-out-4 rule="if (dst in 192.168.0.0/16) { reject; }"
/routing filter rule add chain=essaim-out-4 rule="if (dst in 198.18.0.0/15) { reject; }"
/routing filter rule add chain=essaim-out-4 rule="if (dst in 224.0.0.0/4) { reject; }"
/routing filter rule add chain=essaim-out-4 rule="if (dst in 240.0.0.0/4) { reject; }"
/routing filter rule add chain=essaim-out-4 rule="if (dst == 192.0.2.0/25) { accept; }"
/routing filter rule add chain=essaim-out-4 rule="if (dst == 198.51.100.0/24) { accept; }"
/routing filter rule add chain=essaim-out-4 rule="if (dst == 203.0.113.0/24) { accept; }"
/routing filter rule add chain=essaim-out-4 rule="reject;"
/routing filter rule add chain=essaim-in-6 rule="if (bgp-as-path [[:essaim-bogon-as:]]) { reject; }"
/routing filter rule add chain=essaim-in-6 rule="if (bgp-communities includes 65535:666) { reject; }"
/routing filter rule add chain=essaim-in-6 rule="if (dst in 2001:db8::/32) { reject; }"
/routing filter rule add chain=essaim-in-6 rule="if (dst in ::/8) { reject; }"
/routing filter rule add chain=essaim-in-6 rule="if (dst in 100::/64) { reject; }"
/routing filter rule add chain=essaim-in-6 rule="if (dst in 2001:2::/48) { reject; }"
/routing filter rule add chain=essaim-in-6 rule="if (dst in 2001:10::/28) { reject; }"
/routing filter rule add chain=essaim-in-6 rule="if (dst in 2002::/16) { reject; }"
/routing filter rule add chain=essaim-in-6 rule="if (dst in fc00::/7) { reject; }"
/routing filter rule add chain=essaim-in-6 rule="if (dst in fe80::/10) { reject; }"
/routing filter rule add chain=essaim-in-6 rule="if (dst in fec0::/10) { reject; }"
/routing filter rule add chain=essaim-in-6 rule="if (dst in ff00::/8) { reject; }"
/routing filter rule add chain=essaim-in-6 rule="if (dst-len > 48) { reject; }"
/routing filter rule add chain=essaim-in-6 rule="if (bgp-communities includes 65535:0) { set bgp-local-pref 0; }"
/routing filter rule add chain=essaim-in-6 rule="accept;"
/routing filter rule add chain=essaim-out-6 rule="if (dst in ::/8) { reject; }"
/routing filter rule add chain=essaim-out-6 rule="if (dst in 100::/64) { reject; }"
/routing filter rule add chain=essaim-out-6 rule="if (dst in 2001:2::/48) { reject; }"
/routing filter rule add chain=essaim-out-6 rule="if (dst in 2001:10::/28) { reject; }"
/routing filter rule add chain=essaim-out-6 rule="if (dst in 2002::/16) { reject; }"
/routing filter rule add chain=essaim-out-6 rule="if (dst in fc00::/7) { reject; }"
/routing filter rule add chain=essaim-out-6 rule="if (dst in fe80::/10) { reject; }"
/routing filter rule add chain=essaim-out-6 rule="if (dst in fec0::/10) { reject; }"
/routing filter rule add chain=essaim-out-6 rule="if (dst in ff00::/8) { reject; }"
/routing filter rule add chain=essaim-out-6 rule="if (dst == 2001:db8::/32) { accept; }"
/routing filter rule add chain=essaim-out-6 rule="reject;"
/ip firewall address-list add list=essaim-announced address=192.0.2.0/25 comment=essaim
/ip firewall address-list add list=essaim-announced address=198.51.100.0/24 comment=essaim
/ip firewall address-list add list=essaim-announced address=203.0.113.0/24 comment=essaim
/ipv6 firewall address-list add list=essaim-announced address=2001:db8::/32 comment=essaim
/routing bgp instance add name=essaim as=64496 router-id=192.0.2.1
/routing bgp connection add name=essaim-192_0_2_26 instance=essaim address-families=ip local.role=ibgp local.address=192.0.2.25 remote.address=192.0.2.26/32 remote.as=64496 nexthop-choice=force-self output.network=essaim-announced hold-time=3m keepalive-time=1m comment="essaim: ours"
/routing bgp connection add name=essaim-192_0_2_128 instance=essaim address-families=ip local.role=ebgp remote.address=192.0.2.128/32 remote.as=64500 input.filter=essaim-in-4 input.limit-process-routes-ipv4=1000 output.filter-chain=essaim-out-4 output.network=essaim-announced hold-time=3s keepalive-time=1s comment="essaim: transit"
/routing bgp connection add name=essaim-2001_db8_0_f__2 instance=essaim address-families=ipv6 local.role=ibgp local.address=2001:db8:0:f::1 remote.address=2001:db8:0:f::2/128 remote.as=64496 nexthop-choice=force-self output.network=essaim-announced hold-time=3m keepalive-time=1m comment="essaim: ours"
/routing bgp connection add name=essaim-3fff_0_0_ffff__ instance=essaim address-families=ipv6 local.role=ebgp remote.address=3fff:0:0:ffff::/128 remote.as=64500 input.filter=essaim-in-6 input.limit-process-routes-ipv6=1000 output.filter-chain=essaim-out-6 output.network=essaim-announced hold-time=3s keepalive-time=1s comment="essaim: transit"
