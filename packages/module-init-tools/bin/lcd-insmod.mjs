#!/usr/bin/env node
import "../dist/bin/lcd-insmod.js";
