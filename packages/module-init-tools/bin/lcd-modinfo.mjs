#!/usr/bin/env node
import "../dist/bin/lcd-modinfo.js";
