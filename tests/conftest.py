# tests/conftest.py - fixtures of every Python test
# SPDX-License-Identifier: BSD-2-Clause
