#!/usr/bin/env node
import "../dist/bin/lcd-modprobe.js";
