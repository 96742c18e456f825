# tests/testlib - real Kerberos, LDAP and several systems on one machine
# SPDX-License-Identifier: BSD-2-Clause
