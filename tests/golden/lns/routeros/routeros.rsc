# Written by Essaim: rows of ours that are changed by hand are put back.
/radius add service=ppp address=192.0.2.3 secret="between-lns-and-radius" authentication-port=1812 accounting-port=1813 timeout=3s comment=essaim
/radius incoming set accept=yes port=3799
/ppp aaa set use-radius=yes accounting=yes interim-update=1m
/ppp profile add name=essaim local-address=203.0.113.1 use-ipv6=yes change-tcp-mss=yes use-encryption=no use-compression=no only-one=yes comment=essaim
/ppp l2tp-secret add address=0.0.0.0/0 secret="between-lac-and-lns" comment=essaim
/interface l2tp-server server set enabled=yes authentication=pap,chap max-mtu=1460 max-mru=1460 default-profile=essaim keepalive-timeout=30 use-ipsec=no
/ip settings set rp-filter=strict
/ipv6 firewall address-list add list=essaim-members address=2001:db8:200::/40 comment=essaim
/ipv6 firewall address-list add list=essaim-members address=fe80::/10 comment=essaim
/ipv6 firewall raw add chain=prerouting action=drop in-interface=all-ppp src-address-list=!essaim-members comment="essaim: nobody else's addresses"
