// Package raster decodes page pictures: PNG, JPEG and TIFF of any number of pages.
//
// Everything is made upright and readable for people: EXIF and TIFF orientation are applied,
// transparency is laid on white paper, colours become grey by their luminance, and faxes with
// different resolutions across and down are made square. Open reads headers only, so that
// limits hold before a pixel is decoded; decoding reads no more than the header promised.
//
// TIFF follows TIFF 6.0 with its technical note 2 (JPEG, compression 7): one page per
// directory; strips and tiles; CCITT RLE, Group 3 and Group 4 (ITU-T T.4, T.6), LZW, deflate,
// PackBits, JPEG; 1, 2, 4, 8 and 16 bits; grey, palette, RGB, CMYK, YCbCr. It refuses BigTIFF,
// old-style JPEG (compression 6), floating point samples and what it does not know, with a
// fault that names it.
package raster
