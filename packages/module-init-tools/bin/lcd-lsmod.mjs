#!/usr/bin/env node
import "../dist/bin/lcd-lsmod.js";
